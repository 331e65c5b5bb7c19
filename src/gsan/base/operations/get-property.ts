import { AppError } from "../../../contract/errors.ts";
import { documentOf } from "../document.ts";
import { requiredText, type Answer, type Operation, type OperationContext } from "../operation.ts";
import { relationName, trimmed } from "./gsan-values.ts";

const propertySql = `
  SELECT i.imov_id::text AS matricula, i.loca_id AS locality_id, coalesce(b.muni_id, l.muni_idprincipal) AS municipality_id, i.imov_nnimovel AS number, i.imov_dscomplementoendereco AS complement,
         i.imov_idcategoriaprincipal AS category, i.imov_qteconomia AS units, i.imov_ddvencimento AS due_day,
         r.logr_nmlogradouro AS street, b.bair_nmbairro AS district, coalesce(mb.muni_nmmunicipio, ml.muni_nmmunicipio) AS municipality,
         c.cep_dsufsigla AS state, c.cep_cdcep AS postal_code,
         wa.last_dsligacaoaguasituacao AS water_status, se.lest_dsligacaoesgotosituacao AS sewage_status
  FROM cadastro.imovel i
  JOIN cadastro.localidade l ON l.loca_id = i.loca_id
  LEFT JOIN cadastro.municipio ml ON ml.muni_id = l.muni_idprincipal
  LEFT JOIN cadastro.logradouro_bairro lb ON lb.lgbr_id = i.lgbr_id
  LEFT JOIN cadastro.bairro b ON b.bair_id = lb.bair_id
  LEFT JOIN cadastro.municipio mb ON mb.muni_id = b.muni_id
  LEFT JOIN cadastro.logradouro_cep lc ON lc.lgcp_id = i.lgcp_id
  LEFT JOIN cadastro.cep c ON c.cep_id = lc.cep_id
  LEFT JOIN cadastro.logradouro r ON r.logr_id = coalesce(lb.logr_id, lc.logr_id)
  LEFT JOIN atendimentopublico.ligacao_agua_situacao wa ON wa.last_id = i.last_id
  LEFT JOIN atendimentopublico.ligacao_esgoto_situacao se ON se.lest_id = i.lest_id
  WHERE i.imov_id = $1 AND i.imov_icexclusao IS DISTINCT FROM 1`;

// user first, then responsible, then owner
const clientSql = `
  SELECT ci.crtp_id, cl.clie_nmcliente, cl.clie_nncpf, cl.clie_nncnpj, cl.clie_dsemail
  FROM cadastro.cliente_imovel ci
  JOIN cadastro.cliente cl ON cl.clie_id = ci.clie_id
  WHERE ci.imov_id = $1 AND ci.clim_dtrelacaofim IS NULL AND ci.crtp_id IN (1, 2, 3) AND cl.clie_icuso IS DISTINCT FROM 2
  ORDER BY array_position(ARRAY[2, 3, 1], ci.crtp_id), ci.clim_id
  LIMIT 1`;

type PropertyRow = {
  matricula: string;
  locality_id: number;
  municipality_id: number | null;
  number: string;
  complement: string | null;
  category: number | null;
  units: number | null;
  due_day: number | null;
  street: string | null;
  district: string | null;
  municipality: string | null;
  state: string | null;
  postal_code: number | null;
  water_status: string | null;
  sewage_status: string | null;
};

type ClientRow = {
  crtp_id: number;
  clie_nmcliente: string | null;
  clie_nncpf: string | null;
  clie_nncnpj: string | null;
  clie_dsemail: string | null;
};

const categories: Readonly<Record<number, string>> = { 1: "residential", 2: "commercial", 3: "industrial", 4: "public" };

/** GET /v1/properties/{ref}: three reads by primary key or imov_id. */
export const getProperty: Operation = {
  columns: {
    "cadastro.imovel": [
      "imov_id",
      "loca_id",
      "imov_nnimovel",
      "imov_dscomplementoendereco",
      "lgbr_id",
      "lgcp_id",
      "last_id",
      "lest_id",
      "imov_qteconomia",
      "imov_ddvencimento",
      "imov_icexclusao",
      "imov_idcategoriaprincipal",
    ],
    "cadastro.localidade": ["loca_id", "muni_idprincipal"],
    "cadastro.municipio": ["muni_id", "muni_nmmunicipio"],
    "cadastro.bairro": ["bair_id", "muni_id", "bair_nmbairro"],
    "cadastro.logradouro": ["logr_id", "logr_nmlogradouro"],
    "cadastro.logradouro_bairro": ["lgbr_id", "logr_id", "bair_id"],
    "cadastro.logradouro_cep": ["lgcp_id", "logr_id", "cep_id"],
    "cadastro.cep": ["cep_id", "cep_cdcep", "cep_dsufsigla"],
    "atendimentopublico.ligacao_agua_situacao": ["last_id", "last_dsligacaoaguasituacao"],
    "atendimentopublico.ligacao_esgoto_situacao": ["lest_id", "lest_dsligacaoesgotosituacao"],
    "cadastro.cliente_imovel": ["clim_id", "clie_id", "imov_id", "crtp_id", "clim_dtrelacaofim"],
    "cadastro.cliente": ["clie_id", "clie_nmcliente", "clie_nncpf", "clie_nncnpj", "clie_dsemail", "clie_icuso"],
  },

  async answer(context, input) {
    const imovId = Number(requiredText(input.params, "ref"));
    const [row] = await context.query<PropertyRow>(propertySql, [imovId]);
    if (row === undefined) throw new AppError("not-found");
    return {
      matricula: row.matricula,
      client: await currentClient(context, imovId),
      address: address(row),
      locality_id: row.locality_id,
      municipality_id: row.municipality_id,
      water_status: trimmed(row.water_status),
      sewage_status: trimmed(row.sewage_status),
      category: categories[row.category ?? 0] ?? null,
      units: row.units,
      due_day: row.due_day,
    };
  },
};

async function currentClient(context: OperationContext, imovId: number): Promise<Answer | null> {
  const [row] = await context.query<ClientRow>(clientSql, [imovId]);
  if (row === undefined) return null;
  return {
    name: trimmed(row.clie_nmcliente),
    document: documentOf(row) ?? null,
    relation: relationName(row.crtp_id),
    email: trimmed(row.clie_dsemail),
  };
}

function address(row: PropertyRow): Answer {
  return {
    street: trimmed(row.street),
    number: trimmed(row.number),
    complement: trimmed(row.complement),
    district: trimmed(row.district),
    municipality: trimmed(row.municipality),
    state: trimmed(row.state),
    // GSAN keeps the CEP as an integer and so loses a leading zero
    postal_code: row.postal_code === null ? null : String(row.postal_code).padStart(8, "0"),
  };
}
