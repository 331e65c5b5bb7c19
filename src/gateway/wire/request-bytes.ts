/** A request to an upstream, made by us: nothing in it is a caller's spelling. */
export type WireRequest = {
  method: string;
  path: string;
  host: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
};

const plainValue = /^[\t\x20-\x7e]*$/;
const plainPath = /^[\x21-\x7e]+$/;

/** The request's bytes, its body framed by its length. Throws RangeError for a character that would end a line. */
export function requestBytes({ method, path, host, headers, body }: WireRequest): Buffer {
  if (!plainPath.test(path)) throw new RangeError("the path has a character that no request line may hold");
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? "";
    if (!plainValue.test(value)) throw new RangeError(`the header ${name} has a character that no header may hold`);
    head += `${name}: ${value}\r\n`;
  }
  if (body === undefined) return Buffer.from(`${head}\r\n`, "latin1");
  const length = Buffer.byteLength(body);
  head += `content-length: ${length}\r\n\r\n`;
  const bytes = Buffer.allocUnsafe(head.length + length);
  bytes.write(head, "latin1");
  bytes.write(body, head.length);
  return bytes;
}
