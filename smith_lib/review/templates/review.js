// Goes through the tasks by keys and keeps every answer at once.
"use strict";
(() => {
  const told = JSON.parse(document.getElementById("told").textContent);
  const questions = Object.keys(told.questions);
  const element = (id) => document.getElementById(id);
  const [place, dots, saved, notes] = ["task", "dots", "saved", "notes"].map(element);
  const fields = questions.map((name) => document.querySelector(`[data-question="${name}"]`));
  let tasks = [];
  let at = -1;      // the task that is shown
  let shown = null; // its id and answer
  let marked = 0;   // the question that y and n answer
  let waiting = Promise.resolve();
  let timer = 0;

  // The token comes behind the # of the address, which is sent to nobody.
  const token = (() => {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (given) {
      sessionStorage.setItem("smith-token", given);
      history.replaceState(null, "", location.pathname);
    }
    return sessionStorage.getItem("smith-token") || "";
  })();
  const ask = async (path, options = {}) => {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(path, { ...options, headers });
    if (answer.ok) return answer.json();
    const said = await answer.json().catch(() => ({}));
    throw new Error(typeof said.detail === "string" ? said.detail : `the service says ${answer.status}`);
  };
  const tell = (text, state = "") => {
    saved.textContent = text;
    saved.dataset.state = state;
  };
  const many = (answer) => questions.filter((name) => answer[name] !== null).length;
  const open = () => tasks.findIndex((one) => many(one.answer) < questions.length);

  const paint = () => {
    const done = tasks.filter((one) => many(one.answer) === questions.length).length;
    element("progress").textContent = `task ${at + 1} of ${tasks.length}, ${done} done`;
    [...dots.children].forEach((dot, number) => {
      const count = many(tasks[number].answer);
      dot.className = count === questions.length ? "done" : count ? "some" : "";
      dot.setAttribute("aria-current", String(number === at));
    });
    fields.forEach((field, number) => {
      field.classList.toggle("marked", number === marked);
      for (const button of field.querySelectorAll("button")) {
        const pressed = shown && String(shown.answer[questions[number]]) === button.dataset.value;
        button.setAttribute("aria-pressed", String(Boolean(pressed)));
      }
    });
  };

  const save = () => {
    clearTimeout(timer);
    timer = 0;
    const number = at;
    const { instance_id, answer } = shown;
    const { at: _when, ...said } = answer;
    tasks[number].answer = answer;
    paint();
    tell("saving …", "saving");
    // One after the other, so that the last answer is the one that stays.
    waiting = waiting.then(() => ask(`tasks/${number}/answer`, {
      method: "PUT", body: JSON.stringify({ instance_id, ...said }),
    })).then((kept) => {
      answer.at = kept.at;
      tell(`saved ${new Date(kept.at).toLocaleTimeString()}`, "saved");
    }).catch((error) => tell(`not saved: ${error.message}`, "wrong"));
    return waiting;
  };
  const flush = () => { if (timer) save(); };

  const show = async (number) => {
    if (number < 0 || number >= tasks.length || number === at) return;
    flush();
    at = number;
    shown = null;
    history.replaceState(null, "", `#${number + 1}`);
    let found;
    try {
      found = await ask(`tasks/${number}`);
    } catch (error) {
      tell(`not loaded: ${error.message}`, "wrong");
      return;
    }
    if (number !== at) return; // another one was asked for meanwhile
    // What the tests and texts hold was escaped by the service; scripts run by the page's nonce alone.
    place.innerHTML = found.html;
    place.scrollTop = 0;
    shown = { instance_id: found.instance_id, answer: { ...tasks[number].answer, ...found.answer } };
    tasks[number].answer = shown.answer;
    notes.value = shown.answer.notes;
    const first = questions.findIndex((name) => shown.answer[name] === null);
    marked = first < 0 ? 0 : first;
    if (saved.dataset.state !== "wrong") tell("");
    place.dataset.task = number + 1;
    paint();
    place.focus({ preventScroll: true });
  };
  const say = (value, question = marked) => {
    if (!shown) return;
    marked = question;
    shown.answer[questions[question]] = value;
    if (value !== null && marked < questions.length - 1) marked += 1;
    save();
  };

  fields.forEach((field, number) => field.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !shown) { marked = number; paint(); return; }
    const value = button.dataset.value === "true";
    say(shown.answer[questions[number]] === value ? null : value, number);
  }));
  notes.addEventListener("input", () => {
    if (!shown) return;
    shown.answer.notes = notes.value;
    tell("");
    clearTimeout(timer);
    timer = setTimeout(save, 400);
  });
  notes.addEventListener("blur", flush);
  addEventListener("pagehide", flush);
  element("answers").addEventListener("submit", (event) => event.preventDefault());
  element("next").addEventListener("click", () => show(at + 1));
  element("back").addEventListener("click", () => show(at - 1));
  element("theme").addEventListener("click", theme.toggle);
  const help = element("help");
  element("keys").addEventListener("click", () => help.showModal());

  const keys = {
    y: () => say(true), n: () => say(false), u: () => say(null),
    m: () => notes.focus(), t: theme.toggle, "?": () => help.showModal(),
    j: () => show(at + 1), ArrowRight: () => show(at + 1), Enter: () => show(at + 1),
    k: () => show(at - 1), ArrowLeft: () => show(at - 1),
    o: () => { const next = open(); if (next >= 0) show(next); else tell("all tasks are done"); },
  };
  questions.forEach((_, number) => { keys[String(number + 1)] = () => { marked = number; paint(); }; });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || help.open) return;
    if (event.target === notes) {
      if (event.key === "Escape") { notes.blur(); place.focus({ preventScroll: true }); }
      return;
    }
    if (event.key === "Enter" && event.target.closest("button, summary")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  ask("tasks").then((found) => {
    tasks = found;
    dots.append(...tasks.map((one, number) => {
      const dot = document.createElement("button");
      dot.type = "button";
      dot.title = `${number + 1}: ${one.title}`;
      dot.addEventListener("click", () => show(number));
      return dot;
    }));
    const asked = Number(location.hash.slice(1)) - 1;
    const first = open();
    show(asked >= 0 && asked < tasks.length ? asked : first < 0 ? 0 : first);
  }).catch((error) => {
    place.replaceChildren();
    tell(`not loaded: ${error.message}`, "wrong");
  });
})();
