// The state of the page as a word for the address, and back. Whatever somebody puts there, no more than text comes out.
const LARGEST = 2_000_000;

export async function pack(state) {
  const stream = new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x2000) text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
  return `c=${btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

export async function unpack(hash) {
  const packed = /^#c=([\w-]+)$/.exec(hash)?.[1];
  if (!packed) return {};
  try {
    const text = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const parts = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > LARGEST) return {};
      parts.push(value);
    }
    const state = JSON.parse(await new Blob(parts).text());
    return state && typeof state === "object" ? state : {};
  } catch {
    return {};
  }
}
