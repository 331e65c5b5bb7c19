import type { Random } from "./random.ts";
import { words } from "./words.ts";

/** Every letter fits LATIN1: utilities keep their GSAN database in that encoding. */
const WOMEN = words(`
  MARIA ANA FRANCISCA ANTÔNIA ADRIANA JULIANA MÁRCIA FERNANDA PATRÍCIA ALINE SANDRA CAMILA LETÍCIA LUCIANA VERÔNICA JÚLIA VITÓRIA
  CONCEIÇÃO SEVERINA LÍDIA INÊS TEREZA
`);
const MEN = words(`
  JOSÉ JOÃO ANTÔNIO FRANCISCO CARLOS PAULO PEDRO LUCAS LUIZ MARCOS LUÍS GABRIEL RAFAEL MÁRCIO SEVERINO FÁBIO SÉRGIO JÚLIO CÉSAR
  ESTÊVÃO INÁCIO ROGÉRIO
`);
const SURNAMES = words(`
  SILVA SANTOS OLIVEIRA SOUZA RODRIGUES FERREIRA ALVES PEREIRA LIMA GOMES COSTA RIBEIRO MARTINS CARVALHO ALMEIDA ARAÚJO GONÇALVES
  MAGALHÃES BRANDÃO ASSUNÇÃO GALVÃO MELO CAVALCANTI BEZERRA ANDRADE FARIAS GUIMARÃES LEITÃO CÂMARA D'ÁVILA
`);
const TRADES = words(`
  PADARIA MERCADINHO FARMÁCIA OFICINA LAVANDERIA RESTAURANTE CLÍNICA CONFECÇÕES HOTEL CONSTRUÇÕES DISTRIBUIDORA ACADEMIA
`);
const PUBLIC_BODIES = [
  "ESCOLA MUNICIPAL TESTE",
  "POSTO DE SAÚDE TESTE",
  "PREFEITURA TESTE",
  "SECRETARIA DE EDUCAÇÃO TESTE",
  "CRECHE MUNICIPAL TESTE",
] as const;

/** Longest name that cliente holds. */
const NAME_LENGTH = 50;

export type PersonName = { name: string; woman: boolean };

/** First name and one to three surnames in capitals; half of the names come without accents, as clerks type them. */
export function personName(random: Random): PersonName {
  const woman = random.chance(0.52);
  const surnames = Array.from({ length: 1 + random.weighted([30, 50, 20]) }, () => random.pick(SURNAMES));
  const name = [random.pick(woman ? WOMEN : MEN), ...surnames].join(" ");
  return { name: fit(random.chance(0.5) ? withoutAccents(name) : name), woman };
}

export function companyName(random: Random): string {
  const name = `${random.pick(TRADES)} ${random.pick(SURNAMES)} TESTE LTDA`;
  return fit(random.chance(0.5) ? withoutAccents(name) : name);
}

export function publicBodyName(random: Random): string {
  return fit(`${random.pick(PUBLIC_BODIES)} ${random.int(1, 999)}`);
}

export function withoutAccents(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "");
}

function fit(name: string): string {
  return name.slice(0, NAME_LENGTH).trimEnd();
}
