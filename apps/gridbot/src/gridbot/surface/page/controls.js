// The operator's buttons: each says what it does, asks once more, and tells what became of it.
import { at, element, say } from "/texts.js";
import { authorised, errorOf, remember, token } from "/feed.js";

const COMMANDS = [
  { name: "pause", label: "Pause", text: "No new opens. Orders that rest stay, closes go on.", kind: "" },
  { name: "resume", label: "Resume", kind: "",
    text: "Lifts what the operator asked for, and what only the operator may lift: a loss limit, a drawdown, a liquidation." },
  { name: "close-only", label: "Close only", text: "Cancels all opening orders. Closing orders go on until the position is flat.", kind: "" },
  { name: "cancel-all", label: "Cancel all", kind: "danger",
    text: "Halts, and cancels every order of ours until the exchange shows none. The position stays open." },
  { name: "halt", label: "Halt", text: "Only cancels leave from now on. Orders that rest stay and may still fill.", kind: "danger" },
  { name: "orphans-adopt", label: "Adopt orphans", kind: "", orphans: true,
    text: "Orders that carry our mark and match no strategy become orders of the symbol's one strategy." },
  { name: "orphans-cancel", label: "Cancel orphans", kind: "danger", orphans: true,
    text: "Cancels the orders that carry our mark and match no strategy." },
];

let chosen = { account: "", takesCommands: true };

export function toast(text, kind) {
  const note = element("p", `toast ${kind}`, text);
  at("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}

// The answer is taken from the hand that gives it, not from the event of closing, which comes late
// enough to answer the next question.
function asked(dialog) {
  if (dialog.open) return Promise.resolve(false);
  const over = new AbortController();
  return new Promise((resolve) => {
    const on = (node, event, answer) => node.addEventListener(event, () => {
      over.abort();
      if (dialog.open) dialog.close();
      resolve(answer);
    }, { signal: over.signal });
    on(dialog.querySelector("form"), "submit", true);
    on(dialog.querySelector("[data-no]"), "click", false);
    on(dialog, "cancel", false);
    dialog.showModal();
  });
}

export async function unlock() {
  if (token()) {
    remember("");
    showKey();
    toast("Commands are locked in this tab.", "");
    return false;
  }
  at("token").value = "";
  if (!(await asked(at("unlock")))) return false;
  remember(at("token").value.trim());
  at("token").value = "";
  showKey();
  return token() !== "";
}

export function showKey() {
  say("key", token() ? "Lock" : "Unlock");
  document.body.dataset.unlocked = token() ? "yes" : "no";
}

async function send(command, account, symbol) {
  const body = symbol ? { account, symbol } : { account };
  const reply = await fetch(`/api/command/${command.name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...authorised() },
    body: JSON.stringify(body),
  });
  if (reply.status === 401) {
    remember("");
    showKey();
  }
  if (!reply.ok) throw new Error(await errorOf(reply));
  return reply.json();
}

async function run(command) {
  const account = chosen.account;
  const symbol = at("scope").value;
  if (!token() && !(await unlock())) return;
  say("confirm-title", `${command.label}?`);
  say("confirm-text", command.text);
  say("confirm-scope", symbol ? `${account}: ${symbol}` : `${account}: whole account`);
  say("confirm-yes", command.label, command.kind === "danger" ? "danger main" : "main");
  if (!(await asked(at("confirm")))) return;
  try {
    const outcome = await send(command, account, symbol);
    const where = symbol || "the whole account";
    const unwritten = outcome.audited ? "" : " The audit log could not be written.";
    if (outcome.handled) toast(`${command.label}: accepted for ${where}.${unwritten}`, "good");
    else toast(`${command.label}: handed over, not handled yet.${unwritten}`, "warn");
  } catch (error) {
    toast(`${command.label} was refused: ${error.message}`, "bad");
  }
}

export function showControls(account, takesCommands) {
  chosen = { account: account.name, takesCommands };
  const symbols = account.strategies.map((one) => one.symbol);
  const orphans = account.modes.some((mode) => mode.cause === "orphans");
  const key = JSON.stringify([account.name, symbols, orphans, takesCommands]);
  if (at("buttons").dataset.key === key) return;
  at("buttons").dataset.key = key;
  const options = [["", "Whole account"], ...symbols.map((symbol) => [symbol, symbol])];
  const scope = at("scope").value;
  at("scope").replaceChildren(...options.map(([value, text]) => {
    const option = element("option", "", text);
    option.value = value;
    return option;
  }));
  if (symbols.includes(scope)) at("scope").value = scope;
  at("buttons").replaceChildren(...COMMANDS.filter((one) => orphans || !one.orphans).map((one) => {
    const button = element("button", one.kind, one.label);
    button.type = "button";
    button.title = takesCommands ? one.text : "Commands are off: no token is configured";
    button.disabled = !takesCommands;
    button.dataset.command = one.name;
    button.addEventListener("click", () => run(one));
    return button;
  }));
  at("key").hidden = !takesCommands;
}
