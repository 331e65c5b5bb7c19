/** The URL that a person opens. The secret is its fragment: browsers keep that to themselves, so no log holds it. */
export function linkUrl(origin: string, secret: string): string {
  return `${origin}/sign-in/link#${secret}`;
}
