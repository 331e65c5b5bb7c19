import { PROPERTIES_PER_BLOCK } from "./base-plan.ts";
import type { BasePlan } from "./base-plan.ts";
import { createRandom } from "./random.ts";
import type { RowBuffer } from "./row-buffer.ts";
import { words } from "./words.ts";

/**
 * The places of the synthetic utility. A block (quadra) holds 25 properties and has a street of its own, so street,
 * street-district and street-CEP rows share the block's number; a district (bairro) has its sector's number.
 */
export type Place = {
  localityId: number;
  sectorId: number;
  blockId: number;
  lot: number;
  municipality: Municipality;
};

type Municipality = { id: number; name: string; ibge: string; areaCode: number; stateId: number; state: string; firstCep: number };

/** Marked TESTE, with IBGE codes nobody has; the third one's CEPs begin with 0, which the integer column drops. */
const MUNICIPALITIES: readonly [Municipality, ...Municipality[]] = [
  { id: 1, name: "TESTE DO NORTE", ibge: "2699901", areaCode: 81, stateId: 17, state: "PE", firstCep: 50_000_001 },
  { id: 2, name: "TESTE DA CONCEIÇÃO", ibge: "2699902", areaCode: 87, stateId: 17, state: "PE", firstCep: 56_000_001 },
  { id: 3, name: "TESTE DA SERRA", ibge: "3599903", areaCode: 11, stateId: 26, state: "SP", firstCep: 1_000_001 },
];
const STREET_TITLES = ["DAS", "DOS", "PADRE", "PROFESSORA", "DOUTOR", "SÃO", "CORONEL"] as const;
const STREET_WORDS = words(`
  ACÁCIAS IPÊS MANGUEIRAS CAJUEIROS JANGADEIROS PESCADORES NAVEGANTES BEIJA-FLORES ÁGUAS FONTES POÇOS NASCENTES CORAIS COQUEIROS
  JASMINS
`);

export function placeOf(plan: BasePlan, index: number): Place {
  const localityId = Math.floor(index / plan.propertiesPerLocality) + 1;
  return {
    localityId,
    sectorId: Math.floor(index / plan.propertiesPerSector) + 1,
    blockId: Math.floor(index / PROPERTIES_PER_BLOCK) + 1,
    lot: (index % PROPERTIES_PER_BLOCK) + 1,
    municipality: MUNICIPALITIES[(localityId - 1) % MUNICIPALITIES.length] ?? MUNICIPALITIES[0],
  };
}

export function blockCount(plan: BasePlan): number {
  return Math.ceil(plan.properties / PROPERTIES_PER_BLOCK);
}

/** Municipalities to CEPs; parents before children. */
export function addPlaces(plan: BasePlan, rows: RowBuffer): void {
  for (const muni of MUNICIPALITIES) {
    const { id, name, ibge, areaCode, stateId } = muni;
    rows.add("cadastro.municipio", [id, name, ibge, areaCode, stateId, 1, plan.stamp]);
  }
  const localities = Math.ceil(plan.properties / plan.propertiesPerLocality);
  for (let id = 1; id <= localities; id += 1) {
    const { municipality } = placeOf(plan, (id - 1) * plan.propertiesPerLocality);
    rows.add("cadastro.localidade", [id, `LOCALIDADE TESTE ${id}`, id, 1, 1, municipality.id, 1, plan.stamp]);
  }
  const sectors = Math.ceil(plan.properties / plan.propertiesPerSector);
  for (let id = 1; id <= sectors; id += 1) {
    addSector(plan, rows, id);
  }
  for (let id = 1; id <= blockCount(plan); id += 1) {
    addBlock(plan, rows, id);
  }
}

function addSector(plan: BasePlan, rows: RowBuffer, id: number): void {
  const { localityId, municipality } = placeOf(plan, (id - 1) * plan.propertiesPerSector);
  rows.add("cadastro.setor_comercial", [id, localityId, id, `SETOR ${id}`, municipality.id, 1, plan.stamp]);
  rows.add("cadastro.bairro", [id, municipality.id, id, `BAIRRO TESTE ${id}`, 1, plan.stamp]);
}

function addBlock(plan: BasePlan, rows: RowBuffer, id: number): void {
  const random = createRandom(plan.seed, "block", id);
  const { sectorId, municipality } = placeOf(plan, (id - 1) * PROPERTIES_PER_BLOCK);
  const street = `${random.pick(STREET_TITLES)} ${random.pick(STREET_WORDS)} ${id}`;
  rows.add("cadastro.quadra", [id, sectorId, id, sectorId, Math.ceil(id / 20), 1, plan.stamp]);
  rows.add("cadastro.logradouro", [id, street, random.int(1, 3), null, municipality.id, 1, plan.stamp]);
  const { state, name, firstCep } = municipality;
  const district = `BAIRRO TESTE ${sectorId}`;
  rows.add("cadastro.cep", [id, firstCep + id, state, name, district, street, 1, plan.stamp]);
  rows.add("cadastro.logradouro_bairro", [id, id, sectorId, plan.stamp]);
  rows.add("cadastro.logradouro_cep", [id, id, id, 1, plan.stamp]);
}
