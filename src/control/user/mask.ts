/** `m***@d***`: the masked form of class contact. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf("@");
  return `${first(email.slice(0, Math.max(at, 0)))}***@${first(email.slice(at + 1))}***`;
}

/** Initials: the masked form of class identity. */
export function maskName(name: string): string {
  return name
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => `${first(word)}.`)
    .join(" ");
}

function first(text: string): string {
  return [...text][0] ?? "";
}
