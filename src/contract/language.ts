export type Language = "en" | "pt-BR";

const longest = 200;

/**
 * The language of an answer's titles for an Accept-Language header (RFC 9110, 12.5.4): Portuguese of any region gives
 * pt-BR, everything else English, which also stands when nothing is asked for.
 */
export function languageOf(acceptLanguage: string | undefined): Language {
  if (acceptLanguage === undefined) return "en";
  const ranges = acceptLanguage.slice(0, longest).split(",").map(rangeOf);
  const weightOf = (name: string) => Math.max(0, ...ranges.filter((range) => range.name === name).map((range) => range.weight));
  return weightOf("pt") > weightOf("en") ? "pt-BR" : "en";
}

function rangeOf(text: string): { name: string; weight: number } {
  const [tag = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return { name: tag.split("-")[0] ?? "", weight: weight >= 0 && weight <= 1 ? weight : 0 };
}
