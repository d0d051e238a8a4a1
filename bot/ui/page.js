/* The page's own script, put into its head before Gradio starts. It passes clicks, keys and addresses on to Gradio's components;
   what there is to know is on the server. WORDS is filled in by server.py. */
"use strict";
(() => {
  const WORDS = __WORDS__;
  const cookie = (name) => (document.cookie.split("; ").find((one) => one.startsWith(name + "=")) || "").slice(name.length + 1);
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Where cookies are blocked the browser's storage throws: then nothing outlives a reload.
  const recall = (name) => {
    try {
      return sessionStorage.getItem(`dolmen-${name}`) || "";
    } catch {
      return "";
    }
  };
  const retain = (name, text) => {
    try {
      sessionStorage.setItem(`dolmen-${name}`, text);
    } catch {}
  };

  // The language: the reader's choice, else the browser's. Gradio asks navigator, so navigator must answer.
  const chosen = cookie("dolmen_language");
  const asked = (navigator.language || "").toLowerCase();
  const language = chosen in WORDS ? chosen : asked.startsWith("ko") ? "ko" : "en";
  const words = WORDS[language];
  Object.defineProperty(navigator, "language", { get: () => language });
  Object.defineProperty(navigator, "languages", { get: () => [language] });
  document.documentElement.lang = language;
  const speakTheOther = () => {
    retain("draft", box()?.value || "");
    document.cookie = `dolmen_language=${language === "ko" ? "en" : "ko"}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  };

  // What is wanted is written into one of Gradio's hidden boxes; the number makes each one new.
  let wants = 0;
  let questions = 0; // that stand in the chat
  const write = (area, text) => {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const send = (verb, wanted) => {
    if (verb === "open") {
      questions = 0;
      uncut(); // what was being edited belongs to the talk that is left
    }
    if (verb === "ask" || verb === "open") document.body.classList.remove("rating");
    const area = find(`#do-${verb} textarea, #do-${verb} input`);
    write(area, JSON.stringify({ ...wanted, n: ++wants }));
    area.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true })); // what Gradio takes for submitting
  };
  const box = () => find("#question textarea");
  const busy = () => Boolean(find("#question .stop-button"));
  const width = matchMedia("(max-width: 900px)");
  const narrow = () => width.matches;
  const fill = (text) => {
    const area = box();
    write(area, text);
    area.focus();
    area.setSelectionRange(text.length, text.length);
  };

  // Scroll only the pane that a thing stands in: scrollIntoView would move the whole page, too.
  const reveal = (element, where) => {
    let pane = element?.parentElement;
    while (pane && !/auto|scroll/.test(getComputedStyle(pane).overflowY)) pane = pane.parentElement;
    if (!pane) return;
    const [inner, outer] = [element.getBoundingClientRect(), pane.getBoundingClientRect()];
    const offset = inner.top - outer.top;
    if (where === "near" && offset >= 0 && inner.bottom <= outer.bottom) return;
    const least = 12 + (find(".ways", pane)?.offsetHeight || 0); // what lies over the pane's top
    pane.scrollTo({ top: pane.scrollTop + offset - (where === "top" ? least : Math.max(least, (outer.height - inner.height) / 2.5)) });
  };

  // Views
  const selected = (view) => find(`#view-${view}-button`)?.getAttribute("aria-selected") === "true";
  // Beside a wide page the talk is always there, and what goes with it are its sources.
  const show = (view) => document.getElementById(`view-${view === "chat" && !narrow() ? "sources" : view}-button`)?.click();
  let marker = null; // the last marker that was followed: where "back to the answer" leads
  let line = null; // the line of the map whose sentences are open
  const back = () => {
    show(narrow() ? "chat" : "read");
    if (marker && !marker.isConnected) {
      marker = all("#chat a.marker").find((one) => one.getAttribute("href") === marker.getAttribute("href")) || null;
    }
    setTimeout(() => {
      (marker || box()).focus({ preventScroll: true }); // the talk can be focused once it is in view
      reveal(marker, "near");
    }, 30);
  };
  const say = (text) => {
    const status = find("#status");
    status.textContent = text;
    setTimeout(() => status.textContent === text && (status.textContent = ""), 6000);
  };
  const ask = (question, mode, cut = 0) => {
    if (!question.trim()) return;
    show("chat");
    if (busy()) {
      if (mode === "answer" && !cut && !box().value.trim()) fill(question);
      return say(words.busy);
    }
    uncut();
    send("ask", { question, mode, cut });
  };
  // The map is put on the page a moment after the page is there.
  const soon = (look, then, tries = 40) => {
    const found = look();
    if (found) then(found);
    else if (tries) setTimeout(() => soon(look, then, tries - 1), 50);
  };
  const unfold = (place, hash) => {
    const folded = place.closest("details");
    if (folded) folded.open = true;
    fold();
    place.classList.add("shown");
    line = all("#map svg a").find((one) => one.getAttribute("href") === hash && one.getClientRects().length) || null;
    requestAnimationFrame(() => {
      reveal(place, "near");
      place.focus({ preventScroll: true });
      const hidden = line ? line.getBoundingClientRect().bottom + 12 - place.getBoundingClientRect().top : 0;
      if (hidden > 0) find("#view-map").scrollBy(0, hidden); // the line that was clicked lies under what it opened
    });
  };
  const fold = () => all("#map .more.shown").forEach((one) => one.classList.remove("shown"));
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const unhash = () => history.replaceState(null, "", location.pathname + location.search);
  const follow = (hash) => {
    const [verb, ...rest] = hash.slice(1).split("/");
    if (verb === "read") {
      show("read");
      document.body.classList.add("reading");
      send("read", { link: hash.slice(1) });
    } else if (verb === "map") {
      show("map");
      soon(() => document.getElementById(decoded(hash.slice(1))), (place) => unfold(place, hash));
    } else if (verb === "view") {
      document.body.classList.remove("reading");
      fold();
      show(rest[0]);
      if (rest[0] === "map" && line) line = void line.focus({ preventScroll: true });
    } else if (verb === "talk") {
      unhash();
      show("chat");
      send("open", { talk: rest.join("/") });
    } else if (verb === "ask") {
      unhash();
      ask(decoded(rest.slice(1).join("/")), rest[0]);
    } else if (verb === "back") {
      unhash();
      back();
    } else if (!verb) {
      if (narrow() || selected("read")) back(); // by the browser's own button
      else fold();
    }
  };
  // An address is set without the jump that a browser makes to what it names: every pane scrolls by itself.
  const go = (hash) => {
    if (hash !== location.hash) history.pushState(null, "", hash);
    follow(hash);
  };
  addEventListener("hashchange", () => follow(location.hash));

  // An answer's buttons
  const told = (button, text) => {
    const before = button.textContent;
    button.textContent = text;
    setTimeout(() => (button.textContent = before), 1800);
  };
  const spoken = (answer) => {
    const copy = answer.cloneNode(true);
    all(".foot, .refused, .going", copy).forEach((one) => one.remove());
    const lines = all("p, blockquote", copy).map((one) => one.textContent.replaceAll("\u00a0", " ").trim());
    const sources = all("a.marker", copy).map((one) => `${one.textContent} ${one.title}`);
    return [...lines, "", ...new Set(sources)].join("\n").trim();
  };
  // By the answer's own button: of a chat with an unreadable turn the answers do not stand at their places.
  const question = (turn) => {
    const place = all("#chat .answer").findIndex((answer) => find(`#turn-${turn}-edit`, answer));
    return all("#chat .user .message-content")[place]?.innerText.trim() || "";
  };
  const setCut = (turn) => write(find("#cut textarea, #cut input"), turn ? String(turn) : "");
  let draft = ""; // what stood in the box before a question was put there to be edited
  const uncut = () => {
    if (!find("#editing")) return;
    setCut(0);
    find("#editing").remove();
    fill(draft);
    draft = "";
  };
  const edit = (turn) => {
    uncut();
    draft = box().value;
    setCut(turn);
    fill(question(turn));
    const note = document.createElement("p");
    note.id = "editing";
    note.setAttribute("role", "status");
    note.textContent = words.editing + " ";
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "act";
    cancel.textContent = words.cancel;
    cancel.onclick = uncut;
    note.append(cancel);
    find("#question").before(note);
  };
  const rate = (turn, good) => {
    document.body.classList.add("rating");
    send("rate", { turn, good, busy: busy() });
    setTimeout(() => find("#why textarea")?.focus(), 50);
  };
  const sure = (button, then) => {
    if (button.dataset.sure) return then();
    button.dataset.sure = "1";
    const before = button.textContent;
    button.textContent = words.confirm;
    setTimeout(() => ((button.textContent = before), delete button.dataset.sure), 4000);
  };
  const again = (button, turn, mode) => {
    const redo = () => ask(question(turn), mode, turn);
    if (button.closest(".answer") === all("#chat .answer").at(-1)) redo();
    else sure(button, redo); // what came after it goes
  };
  const forget = (talk) => {
    if (talk === openTalk()) send("open", { talk: "" });
    send("delete", { talk });
  };
  const act = (button) => {
    const [kind, ...rest] = button.id.split("-");
    const [turn, verb] = [Number(rest[0]), rest[1]];
    if (kind === "delete") sure(button, () => forget(rest.join("-")));
    if (kind === "remove") sure(button, () => send("remove", { button: button.id }));
    if (kind !== "turn") return;
    if (verb === "copy") navigator.clipboard?.writeText(spoken(button.closest(".answer"))).then(() => told(button, words.copied));
    if (verb === "retry") again(button, turn, rest[2]);
    if (verb === "edit") edit(turn);
    if (verb === "good" || verb === "bad") rate(turn, verb === "good");
  };

  // Sentences of the open essay: chosen by a click, a selection or the arrow keys
  let chosenSentence = "";
  const choose = (text, near) => {
    chosenSentence = text.replace(/\s+/g, " ").trim();
    let bar = find("#choice");
    if (!bar) {
      bar = document.createElement("div");
      bar.id = "choice";
      bar.setAttribute("role", "toolbar");
      for (const [verb, label] of [["ask", words.ask_sentence], ["counter", words.counter_sentence]]) {
        const one = document.createElement("button");
        one.type = "button";
        one.textContent = label;
        one.dataset.verb = verb;
        bar.append(one);
      }
    }
    find("#essay").append(bar);
    const frame = find("#essay").getBoundingClientRect();
    bar.style.top = `${near.bottom - frame.top + 6}px`;
    bar.hidden = false;
  };
  const unchoose = () => {
    const bar = find("#choice");
    if (bar?.contains(document.activeElement)) find("#essay .s.chosen")?.focus({ preventScroll: true });
    all("#essay .s.chosen").forEach((one) => one.classList.remove("chosen"));
    if (bar) bar.hidden = true;
  };
  const chooseSentence = (sentence) => {
    unchoose();
    sentence.classList.add("chosen");
    sentence.focus({ preventScroll: true });
    reveal(sentence, "near");
    choose(sentence.textContent, sentence.getBoundingClientRect());
    const bar = find("#choice");
    if (getComputedStyle(bar).position !== "fixed") return;
    const hidden = sentence.getBoundingClientRect().bottom + 12 - bar.getBoundingClientRect().top;
    if (hidden > 0) find("#view-read").scrollBy(0, hidden); // on a phone the bar lies at the foot of the pane
  };
  const aboutChoice = (verb) => {
    const text = chosenSentence;
    unchoose();
    show("chat");
    if (verb === "ask") fill(`${box().value.trim()} “${text}” `.trimStart());
    else ask(words.counter_question.replace("{sentence}", text), "counter");
  };
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    const text = selection.toString().trim();
    const range = text && selection.rangeCount ? selection.getRangeAt(0) : null;
    if (range && text.length > 1 && text.length < 1000 && find("#essay article")?.contains(range.commonAncestorContainer)) {
      choose(text, range.getBoundingClientRect());
    }
  });

  // Clicks
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"], a[*|href^="#"]');
    if (link) {
      event.preventDefault();
      const hash = link.getAttribute("href");
      if (link.matches("#chat .marker, #sources a")) marker = link;
      return go(hash);
    }
    const button = event.target.closest("button");
    if (button?.matches("#question .submit-button")) document.body.classList.remove("rating");
    if (button?.matches(".act") && button.id) return act(button);
    if (button?.closest("#choice")) return aboutChoice(button.dataset.verb);
    if (button?.id === "view-sources-button") button.classList.remove("fresh");
    if (button?.id === "language") return speakTheOther();
    if (button?.id === "new") {
      send("open", { talk: "" });
      show("chat");
      return box()?.focus();
    }
    const sentence = event.target.closest("#essay .s");
    if (sentence && !getSelection().toString().trim()) chooseSentence(sentence);
  });

  // Keys. Enter sends, once, also while Hangul is being composed: then the browser reports the key as 229, and either sends a
  // second Enter after the syllable is done or does not. Kana and pinyin take Enter for choosing a word: there it sends nothing.
  const HANGUL = /^[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3\s]*$/;
  let pending = 0;
  const submit = () => {
    clearTimeout(pending);
    pending = 0;
    if (!busy() && box().value.trim()) find("#question .submit-button")?.click(); // and on, in the listener for clicks
  };
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && find("#choice:not([hidden])")) return unchoose();
      if (event.key === "Escape" && event.target.closest("#essay")) return back();
      if (event.key === "Escape" && event.target.closest("#map .more")) return go("#view/map");
      const sentence = event.target.closest?.("#essay .s");
      if (sentence && ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"].includes(event.key)) {
        const held = all("#essay .s");
        const next = held[held.indexOf(sentence) + (/Down|Right/.test(event.key) ? 1 : -1)];
        event.preventDefault();
        if (next) chooseSentence(next);
        return;
      }
      if (sentence && event.key === "Enter") {
        event.preventDefault();
        if (find("#choice:not([hidden])")) find("#choice button").focus();
        else chooseSentence(sentence);
        return;
      }
      if (event.key !== "Enter" || event.shiftKey || event.target !== box()) return;
      event.stopImmediatePropagation();
      if (event.isComposing || event.keyCode === 229) {
        pending = -1; // decided when the syllable is done
        return;
      }
      event.preventDefault();
      submit();
    },
    true,
  );
  document.addEventListener(
    "compositionend",
    (event) => {
      if (event.target !== box() || pending !== -1) return;
      pending = HANGUL.test(event.data || "") ? setTimeout(submit, 60) : 0;
    },
    true,
  );
  document.addEventListener("keypress", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target === box()) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  // A new question goes to the top of the chat, and the answer grows below it: nothing that is being read moves.
  const watchChat = () => {
    const asked = all("#chat .user.message");
    remember();
    // Gradio labels a message with all of its markup, which a screen reader would spell out in place of the words.
    all("#chat [data-testid=bot][aria-label], #chat [data-testid=user][aria-label]").forEach((one) => one.removeAttribute("aria-label"));
    all("#chat .foot .act:nth-child(n + 4)").forEach((one) => one.setAttribute("aria-pressed", one.matches(".on"))); // the thumbs
    if (!asked.length) return; // Gradio may take all messages away for a moment
    if (asked.length > questions) reveal(asked.at(-1), "top");
    questions = asked.length;
  };
  const openTalk = () => find("#talk-id textarea, #talk-id input")?.value || "";
  const remember = () => retain("talk", openTalk());

  // The essay that was asked for is there: show its place, and let the keyboard go on from it.
  let opening = "";
  const watchEssay = () => {
    const article = find("#essay article");
    if (!article || article.id === opening) return;
    opening = article.id;
    unchoose();
    const first = find("#essay .s");
    if (first) first.tabIndex = 0;
    requestAnimationFrame(() => {
      const place = find("#here") || find("#essay mark") || find("#essay-title");
      reveal(place, place?.id === "essay-title" ? "top" : "middle");
      place?.focus({ preventScroll: true });
    });
  };

  // The boxes may be on the page a moment before Gradio listens to them: what is sent then is lost.
  const start = (talk, tries) => {
    if (document.body.matches(".ready") || !tries) return;
    send("start", { talk });
    setTimeout(() => start(talk, tries - 1), 700);
  };
  const nameButtons = () => {
    for (const [selector, name] of [[".submit-button", words.send], [".stop-button", words.stop]]) {
      find(`#question ${selector}:not([aria-label])`)?.setAttribute("aria-label", name);
    }
    if (find("#editing") && busy() && !box().value) {
      find("#editing").remove(); // what was edited is being answered
      if (draft) fill(draft);
      draft = "";
    }
  };
  // New sources while another view is open: a dot says so.
  let cited = "";
  const watchSources = () => {
    const now = all("#sources .where").map((one) => one.textContent).join();
    if (now && now !== cited && !selected("sources")) find("#view-sources-button")?.classList.add("fresh");
    cited = now;
  };
  const begin = () => {
    nameButtons();
    const status = document.createElement("p");
    status.id = "status";
    status.setAttribute("role", "status");
    find("#question").before(status);
    find("#chat .examples")?.removeAttribute("role"); // Gradio calls them a list and has no items in it
    const talk = recall("talk");
    const watched = [["#chat", watchChat], ["#views", watchEssay], ["#views", watchSources], ["#mode", watchStart], ["#question", nameButtons]];
    for (const [selector, work] of watched) {
      new MutationObserver(work).observe(find(selector), { childList: true, subtree: true, characterData: true });
    }
    addEventListener("pagehide", remember);
    start(talk, 20);
  };
  const settle = () => {
    all("#mode input").forEach((one) => (one.name = "mode")); // Gradio gives each a name of its own: no arrow key would work
    document.body.classList.add("ready");
    if (recall("draft")) fill(recall("draft"));
    retain("draft", "");
    if (location.hash) follow(location.hash);
    else if (narrow()) show("chat");
    else box().focus();
    width.addEventListener("change", () => selected(narrow() ? "sources" : "chat") && show("chat"));
  };
  // The server's first words are there once the modes are named in the reader's language.
  const watchStart = () => {
    const named = find("#mode label span");
    if (!document.body.matches(".ready") && named && named.textContent.trim() !== "answer") settle();
  };
  const mounted = () => ["#chat", "#mode label", "#do-start", "#question textarea", "#views [role=tab]"].every((one) => find(one));
  const mounting = new MutationObserver(() => mounted() && (mounting.disconnect(), begin()));
  mounting.observe(document.documentElement, { childList: true, subtree: true });
})();
