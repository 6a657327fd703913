// Reads /api/stream with fetch, since EventSource cannot carry a token; comes back by itself.
const RETRY_MS = [500, 1000, 2000, 4000];
const SILENT_MS = 6000;
const KEY = "gridbot-token";

export const token = () => sessionStorage.getItem(KEY) || "";
export const remember = (text) => (text ? sessionStorage.setItem(KEY, text) : sessionStorage.removeItem(KEY));
export const authorised = () => (token() ? { Authorization: `Bearer ${token()}` } : {});

export async function errorOf(reply) {
  const fallback = `the server answered ${reply.status}`;
  try {
    const { error } = await reply.json();
    return error.hint ? `${error.message} (${error.hint})` : error.message;
  } catch {
    return fallback;
  }
}

async function read(onEvent, onOpen) {
  const ending = new AbortController();
  let heard = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - heard > SILENT_MS) ending.abort();
  }, 1000);
  try {
    const reply = await fetch("/api/stream", { headers: authorised(), signal: ending.signal, cache: "no-store" });
    if (!reply.ok) {
      const refused = new Error(await errorOf(reply));
      refused.status = reply.status;
      throw refused;
    }
    onOpen();
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard = performance.now();
      const parts = (kept + value).split("\n\n");
      kept = parts.pop();
      for (const part of parts) {
        const [name, data] = part.split("\n", 2);
        onEvent(name.slice("event: ".length), JSON.parse(data.slice("data: ".length)));
      }
    }
  } finally {
    clearInterval(watch);
    ending.abort();
  }
}

export async function follow(onEvent, onLink) {
  let failures = 0;
  for (;;) {
    try {
      await read(onEvent, () => {
        failures = 0;
        onLink("live", "");
      });
      onLink("lost", "the connection was closed");
    } catch (error) {
      const refused = error.status === 401 || error.status === 403;
      onLink(refused ? "refused" : "lost", error.status ? error.message : "gridbot does not answer");
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]));
    failures += 1;
  }
}
