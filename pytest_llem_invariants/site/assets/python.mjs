// This package's own Python in WebAssembly: begun, which takes seconds, or taken up again from what its memory was.
const BEGIN = `
import sys
sys.path.insert(0, "/app")
from pytest_llem_invariants.cli.paged import start

def read(name):
    import js  # looked up each time: kept memory must hold nothing of JavaScript
    return js.part(name).to_bytes()

answer = start(read)
`;
const FORGET = `
import gc
sys.modules.pop("js", None)
gc.collect()
`;

function unpack(python, archive) {
  python.unpackArchive(archive, "zip", { extractDir: "/app" });
  return python;
}

// `part` brings a file of the site's data; `keep` gets the memory as it is before anybody has asked anything.
export async function begin(loadPyodide, indexURL, archive, part, keep = null) {
  globalThis.part = part;
  const python = unpack(await loadPyodide({ indexURL, _makeSnapshot: keep !== null }), await archive);
  python.runPython(BEGIN);
  if (keep) {
    python.runPython(FORGET);
    keep(python.makeMemorySnapshot());
  }
  return python.globals.get("answer");
}

export async function resume(loadPyodide, indexURL, archive, part, memory) {
  globalThis.part = part;
  const options = { indexURL, _loadSnapshot: memory };
  return unpack(await withRoom(memory.length, () => loadPyodide(options)), await archive).globals.get("answer");
}

// Pyodide writes the memory where it stands, but does not make room for it.
async function withRoom(size, load) {
  const kept = {};
  for (const name of ["instantiate", "instantiateStreaming"]) {
    kept[name] = WebAssembly[name];
    WebAssembly[name] = async (...of) => {
      const made = await kept[name].apply(WebAssembly, of);
      const { memory } = (made.instance ?? made).exports;
      if (memory && memory.buffer.byteLength < size) memory.grow(Math.ceil((size - memory.buffer.byteLength) / 65_536));
      return made;
    };
  }
  try {
    return await load();
  } finally {
    Object.assign(WebAssembly, kept);
  }
}
