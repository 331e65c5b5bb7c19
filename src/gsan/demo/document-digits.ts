/** Check digits of Brazilian documents and of GSAN numbers. Pure; the rules stand beside each function. */

/** Modulo 11 as GSAN does it for a matrícula: weights 2..9 from the right; remainder 0 or 1 gives 0. */
export function modulo11(digits: string): number {
  return remainderDigit(weightedSum(digits, (fromRight) => 2 + (fromRight % 8)));
}

/** Modulo 10 (Luhn-like): weights 2, 1 from the right, digits of each product added. */
export function modulo10(digits: string): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const product = valueAt(digits, digits.length - 1 - i) * (i % 2 === 0 ? 2 : 1);
    sum += product > 9 ? product - 9 : product;
  }
  return (10 - (sum % 10)) % 10;
}

/** Matrícula (imov_id) of a sequence number: the number followed by its modulo-11 digit. */
export function matriculaOf(sequence: number): number {
  return sequence * 10 + modulo11(String(sequence));
}

/** Whether the last digit is right. Migrated properties fail this: warn, never refuse. */
export function hasMatriculaDigit(matricula: number): boolean {
  return matriculaOf(Math.floor(matricula / 10)) === matricula;
}

/** CPF of 9 digits: weights 10..2, then 11..2 (Receita Federal). */
export function cpfOf(nine: string): string {
  const first = remainderDigit(weightedSum(nine, (fromRight) => 2 + fromRight));
  const second = remainderDigit(weightedSum(`${nine}${first}`, (fromRight) => 2 + fromRight));
  return `${nine}${first}${second}`;
}

/** Eleven digits, not all the same, both check digits right. */
export function isCpf(text: string): boolean {
  return /^\d{11}$/.test(text) && !/^(\d)\1{10}$/.test(text) && cpfOf(text.slice(0, 9)) === text;
}

/** CNPJ of 12 characters [0-9A-Z] valued ASCII - 48 (IN RFB 2.229/2024): weights 2..9 from the right, twice. */
export function cnpjOf(twelve: string): string {
  const first = modulo11(twelve);
  return `${twelve}${first}${modulo11(`${twelve}${first}`)}`;
}

/** Twelve characters [0-9A-Z] and two check digits, not all the same. */
export function isCnpj(text: string): boolean {
  return /^[0-9A-Z]{12}\d{2}$/.test(text) && !/^(.)\1{13}$/.test(text) && cnpjOf(text.slice(0, 12)) === text;
}

function weightedSum(characters: string, weight: (fromRight: number) => number): number {
  let sum = 0;
  for (let i = 0; i < characters.length; i += 1) {
    sum += valueAt(characters, characters.length - 1 - i) * weight(i);
  }
  return sum;
}

function valueAt(characters: string, index: number): number {
  return characters.charCodeAt(index) - 48;
}

function remainderDigit(sum: number): number {
  const remainder = sum % 11;
  return remainder < 2 ? 0 : 11 - remainder;
}
