// Starts the WebAssembly module: from its own file when a server gives it, from the page itself when everything is one
// file (then the build drops the import line below, and `argosyWasm` holds the module in base64). The same script is the
// worker that does long work; there it keeps what is asked of it until the module can answer.
import init, * as bindings from "./web.js";

(async () => {
  const inPage = typeof document === "object";
  const early = [];
  if (!inPage) self.onmessage = (event) => early.push(event);
  // Where WebAssembly can wait for the browser (JSPI) a worker has the browser do its AES; elsewhere it does it itself,
  // and what waits is never called.
  const suspends = typeof WebAssembly.Suspending === "function" && typeof WebAssembly.promising === "function";
  if (!suspends) {
    WebAssembly.Suspending = function (call) { return call; };
    WebAssembly.promising = (call) => call;
    WebAssembly.JSTag ??= new WebAssembly.Tag({ parameters: ["externref"] });
  }
  globalThis.argosySuspends = suspends && !inPage && Boolean(globalThis.crypto?.subtle);
  const start = typeof init === "function" ? init : __wbg_init;
  const inlined = globalThis.argosyWasm;
  try {
    if (typeof inlined === "string") {
      await start({ module_or_path: Uint8Array.from(atob(inlined), (letter) => letter.charCodeAt(0)) });
    } else {
      await start({ module_or_path: new URL("web_bg.wasm", import.meta.url) });
    }
    if (inPage) {
      document.documentElement.dataset.ready = "yes";
    } else {
      // In the one file there is no import, and the module's functions are plain names.
      const work = typeof bindings === "object" ? bindings.take_work : take_work;
      // Outside of the promise, so that the page hears of it as an error of its worker.
      self.onmessage = (event) => work(event.data).catch((cause) => setTimeout(() => { throw cause; }));
      for (const event of early) self.onmessage(event);
    }
  } catch (cause) {
    if (!inPage) {
      // Outside of this promise, so that the page hears of it as an error of its worker.
      setTimeout(() => { throw cause; });
      return;
    }
    const place = document.getElementById("boot");
    if (place) {
      place.setAttribute("role", "alert");
      place.textContent =
        "Argosy cannot start in this browser: " + cause + ". Nothing was changed. Use a current Chromium, Firefox or Safari.";
    }
  }
})();
