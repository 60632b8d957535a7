"use strict";

// Keeps the page up to date while it is looked at, and copies codes. Without this script the page reloads by itself.
const PERIOD_MS = 2000;
const live = document.getElementById("live");
const spoken = document.getElementById("spoken");
const pause = document.getElementById("pause");
const pauseWord = document.getElementById("pause-word");
let shown = "";
let paused = false;
let asking = false;

function newestMessage() {
  return live.querySelector("[data-message]")?.dataset.message ?? "";
}

function isBusy() {
  const selection = document.getSelection();
  const selecting = selection && !selection.isCollapsed && live.contains(selection.anchorNode);
  return selecting || document.activeElement?.matches("#live input") || live.querySelector(".copied") !== null;
}

async function refresh() {
  if (asking || paused || document.hidden || isBusy()) return;
  asking = true;
  const query = new URLSearchParams(location.search);
  query.set("live", "");
  try {
    const answer = await fetch(`/?${query}`, { signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    pause.classList.remove("lost");
    pauseWord.textContent = paused ? "Paused" : "Live";
    if (text === shown || isBusy() || paused) return;
    const focused = document.activeElement?.id;
    const newest = newestMessage();
    shown = text;
    live.innerHTML = text;
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (newestMessage() !== newest) spoken.textContent = "A new message arrived.";
  } catch {
    pause.classList.add("lost");
    pauseWord.textContent = "No connection";
  } finally {
    asking = false;
  }
}

async function copy(button) {
  const word = button.querySelector("small");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    word.textContent = "Copied";
    spoken.textContent = `Code ${button.dataset.copy} copied.`;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.querySelector("span"));
    document.getSelection()?.removeAllRanges();
    document.getSelection()?.addRange(range);
    word.textContent = "Press Ctrl+C";
  }
  button.classList.add("copied");
  setTimeout(() => {
    word.textContent = "Copy";
    button.classList.remove("copied");
  }, 1500);
}

live.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) void copy(button);
});

pause.hidden = false;
pause.addEventListener("click", () => {
  paused = !paused;
  pause.classList.toggle("paused", paused);
  pauseWord.textContent = paused ? "Paused" : "Live";
  void refresh();
});

document.addEventListener("visibilitychange", () => void refresh());
setInterval(() => void refresh(), PERIOD_MS);
