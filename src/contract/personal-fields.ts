import { isLgpdClass, isPublishableClass } from "./lgpd.ts";
import { schemaFields } from "./unpack-schema.ts";

/** Pointers of the fields of an unpacked schema whose class says something of a person. */
export function personalFields(schema: unknown): string[] {
  return schemaFields(schema).flatMap((field) => (isPersonal(field.schema["x-lgpd"]) ? [field.pointer] : []));
}

function isPersonal(name: unknown): boolean {
  return !(isLgpdClass(name) && isPublishableClass(name));
}

/**
 * Whether a field holds what one of `known` (pointers) held. It does too when the value became a list or an object of it,
 * or stopped being one: the person's data does not go away with the form of the answer.
 */
export function fieldMatcher(known: readonly string[]): (pointer: string) => boolean {
  const fields = new Set(known.map(withoutItems));
  const around = new Set([...fields].flatMap(upwards));
  return (pointer) => {
    const plain = withoutItems(pointer);
    return around.has(plain) || upwards(plain).some((above) => fields.has(above));
  };
}

function withoutItems(pointer: string): string {
  return pointer
    .split("/")
    .filter((step) => step !== "*")
    .join("/");
}

/** A pointer and those of what holds it, but for the whole answer. */
function upwards(pointer: string): string[] {
  const steps = pointer.split("/").slice(1);
  return steps.length === 0 ? [pointer] : steps.map((_, index) => `/${steps.slice(0, index + 1).join("/")}`);
}
