export type Point = { x: number; y: number };

const width = 720;
const height = 240;
const margin = 48;

/** A line over both axes from zero, as an SVG document. */
export function plotSvg(points: Point[], label: { x: string; y: string }): string {
  const most = { x: Math.max(1, ...points.map(({ x }) => x)), y: Math.max(1, ...points.map(({ y }) => y)) * 1.1 };
  const place = ({ x, y }: Point): string =>
    `${(margin + (x / most.x) * (width - 2 * margin)).toFixed(1)},${(height - margin - (y / most.y) * (height - 2 * margin)).toFixed(1)}`;
  const end = { x: width - margin, y: height - margin };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<path d="M${margin},${margin}V${end.y}H${end.x}" fill="none" stroke="#888"/>
<polyline points="${points.map(place).join(" ")}" fill="none" stroke="#06c" stroke-width="1.5"/>
<text x="${margin}" y="${margin - 8}">${label.y} (0 to ${most.y.toFixed(0)})</text>
<text x="${end.x}" y="${height - 16}" text-anchor="end">${label.x} (0 to ${most.x.toFixed(0)})</text>
</svg>
`;
}
