import type { Socket } from "node:net";
import type { ConnectionGate } from "./connection-gate.ts";

/** Lets a connection in, or ends it before anything is read of it. False when it was ended. */
export function passGate(socket: Socket, gate: ConnectionGate): boolean {
  const leave = gate.enter(socket.remoteAddress ?? "");
  if (leave === undefined) socket.destroy();
  else socket.once("close", leave);
  return leave !== undefined;
}
