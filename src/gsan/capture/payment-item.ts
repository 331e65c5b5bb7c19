import { clientId } from "../../contract/client-id.ts";
import { moneyLiteral } from "../../contract/money-literal.ts";
import type { CaptureBase } from "./capture-run.ts";

/**
 * The exact bytes of a `client-transaction` item, or undefined when it must be held: the client is not known and the
 * tenant holds such payments (or GSAN names no property either). With `property` the item carries `idimovel` instead:
 * the matrícula, its last digit being the check digit: `12345-5`.
 */
export function transactionItem(
  base: Pick<CaptureBase, "digitRule" | "unknownClient">,
  payment: { id: number; amount: string; imovId: string | null },
  client: string | undefined,
): string | undefined {
  const valorpago = moneyLiteral(payment.amount);
  if (client !== undefined) {
    const idcliente = clientId(client, base.digitRule);
    return `{"idtransaction":${payment.id},"idcliente":"${idcliente}","valorpago":${valorpago}}`;
  }
  if (base.unknownClient === "hold" || payment.imovId === null) return undefined;
  return `{"idtransaction":${payment.id},"idimovel":"${propertyReference(payment.imovId)}","valorpago":${valorpago}}`;
}

/** The exact bytes of a `client-transaction-reversed` item; the amount is the one that was sent. */
export function reversalItem(id: number, amount: string): string {
  return `{"idtransaction":${id},"valorpago":${moneyLiteral(amount)}}`;
}

function propertyReference(imovId: string): string {
  if (!/^\d+$/.test(imovId)) throw new RangeError("imov_id must be digits");
  return imovId.length < 2 ? imovId : `${imovId.slice(0, -1)}-${imovId.slice(-1)}`;
}
