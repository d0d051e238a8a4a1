/* The page's own script. PageScript puts it into the head, before Gradio starts. It forwards clicks, keys and URL fragments to
   Gradio's components; all content comes from the server. server.py inserts the message catalogue. */
"use strict";
(() => {
  const MESSAGES = __WORDS__;
  const cookie = (name) => (document.cookie.split("; ").find((pair) => pair.startsWith(name + "=")) || "").slice(name.length + 1);
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // The browser's storage throws if cookies are blocked. Then nothing is remembered across a reload.
  const readStorage = (name) => {
    try {
      return sessionStorage.getItem(`dolmen-${name}`) || "";
    } catch {
      return "";
    }
  };
  const writeStorage = (name, text) => {
    try {
      sessionStorage.setItem(`dolmen-${name}`, text);
    } catch {}
  };

  // The language: the reader's choice, else the browser's. Gradio reads it from navigator, so it is set there.
  const chosenLanguage = cookie("dolmen_language");
  const browserLanguage = (navigator.language || "").toLowerCase();
  const language = chosenLanguage in MESSAGES ? chosenLanguage : browserLanguage.startsWith("ko") ? "ko" : "en";
  const messages = MESSAGES[language];
  Object.defineProperty(navigator, "language", { get: () => language });
  Object.defineProperty(navigator, "languages", { get: () => [language] });
  document.documentElement.lang = language;
  const switchLanguage = () => {
    writeStorage("draft", box()?.value || "");
    document.cookie = `dolmen_language=${language === "ko" ? "en" : "ko"}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  };

  // A command for the server is written into one of Gradio's hidden text boxes. The sequence number makes each value different.
  let sequence = 0;
  let openingNumber = 0; // the number of the last command that opened a chat
  let [openedChat, leftChat] = ["", ""]; // the ids of the open chat and of the one that was open before
  let questionCount = 0; // in the chat
  const write = (area, text) => {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const send = (verb, argument) => {
    if (verb === "open") {
      questionCount = 0;
      cancelEdit(); // the edited question belongs to the chat that is closed
      if (argument.talk !== openedChat) [leftChat, openedChat] = [openedChat, argument.talk];
      write(chatIdBox(), argument.talk); // a question that is asked before the server has answered belongs to this chat
    }
    if (verb === "ask" || verb === "open") document.body.classList.remove("rating");
    const area = find(`#do-${verb} textarea, #do-${verb} input`);
    if (verb === "open" || verb === "start") openingNumber = sequence + 1;
    write(area, JSON.stringify({ ...argument, opening: openingNumber, n: ++sequence }));
    area.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true })); // Gradio submits on Enter
  };
  const box = () => find("#question textarea");
  const chatIdBox = () => find("#talk-id textarea, #talk-id input"); // what the page holds of the open chat: its id
  const collection = () => find("#collection input")?.value || ""; // as the page calls it
  const busy = () => document.body.matches(".answering");
  const narrowScreen = matchMedia("(max-width: 900px)");
  const isNarrow = () => narrowScreen.matches;
  const fillBox = (text) => {
    const area = box();
    write(area, text);
    area.focus();
    area.setSelectionRange(text.length, text.length);
  };

  // Scroll only the pane that contains an element; scrollIntoView would scroll the whole page, too.
  const reveal = (element, where) => {
    let pane = element?.parentElement;
    while (pane && !/auto|scroll/.test(getComputedStyle(pane).overflowY)) pane = pane.parentElement;
    if (!pane) return;
    const [inner, outer] = [element.getBoundingClientRect(), pane.getBoundingClientRect()];
    const offset = inner.top - outer.top;
    if (where === "near" && offset >= 0 && inner.bottom <= outer.bottom) return;
    const margin = 12 + (find(".ways", pane)?.offsetHeight || 0); // what covers the top of the pane
    pane.scrollTo({ top: pane.scrollTop + offset - (where === "top" ? margin : Math.max(margin, (outer.height - inner.height) / 2.5)) });
  };

  // Views
  const isSelected = (view) => find(`#view-${view}-button`)?.getAttribute("aria-selected") === "true";
  // On a wide screen the chat is always visible, and the view beside it is its sources.
  const showView = (view) => document.getElementById(`view-${view === "chat" && !isNarrow() ? "sources" : view}-button`)?.click();
  let marker = null; // the citation marker that was clicked last; "back to the answer" leads there
  let mapLine = null; // the line of the map whose section is open
  const back = () => {
    showView(isNarrow() ? "chat" : "read");
    if (marker && !marker.isConnected) {
      marker = all("#chat a.marker").find((element) => element.getAttribute("href") === marker.getAttribute("href")) || null;
    }
    setTimeout(() => {
      (marker || box()).focus({ preventScroll: true }); // the chat can be focused only after it is shown
      reveal(marker, "near");
    }, 30);
  };
  const announce = (text) => {
    const status = find("#status");
    status.textContent = text;
    setTimeout(() => status.textContent === text && (status.textContent = ""), 6000);
  };
  const ask = (question, mode, cut = 0) => {
    if (!question.trim()) return;
    showView("chat");
    if (busy()) {
      if (mode === "answer" && !cut && !box().value.trim()) fillBox(question);
      return announce(messages.busy);
    }
    cancelEdit();
    send("ask", { question, mode, cut });
  };
  // The text in the box is numbered by its changes: the server asks it once however often it is entered, and says when it is taken.
  let draftNumber = 1;
  const submit = () => {
    clearTimeout(pending);
    pending = 0;
    if (!box().value.trim()) return;
    if (busy()) return announce(messages.busy);
    send("ask", { question: box().value, cut: editedTurn, draft: draftNumber });
  };
  // The map is added a moment after the page has loaded.
  const waitFor = (look, then, tries = 40) => {
    const result = look();
    if (result) then(result);
    else if (tries) setTimeout(() => waitFor(look, then, tries - 1), 50);
  };
  const openSection = (place, hash) => {
    const details = place.closest("details");
    if (details) details.open = true;
    closeSections();
    place.classList.add("shown");
    mapLine = all("#map svg a").find((element) => element.getAttribute("href") === hash && element.getClientRects().length) || null;
    requestAnimationFrame(() => {
      reveal(place, "near");
      place.focus({ preventScroll: true });
      const hidden = mapLine ? mapLine.getBoundingClientRect().bottom + 12 - place.getBoundingClientRect().top : 0;
      if (hidden > 0) find("#view-map").scrollBy(0, hidden); // the section covers the line that was clicked
    });
  };
  const closeSections = () => all("#map .more.shown").forEach((element) => element.classList.remove("shown"));
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const clearHash = () => history.replaceState(null, "", location.pathname + location.search);
  const followHash = (hash) => {
    const [verb, ...rest] = hash.slice(1).split("/");
    if (verb === "read") {
      showView("read");
      document.body.classList.add("reading");
      send("read", { link: hash.slice(1) });
    } else if (verb === "map") {
      showView("map");
      waitFor(() => document.getElementById(decoded(hash.slice(1))), (place) => openSection(place, hash));
    } else if (verb === "view") {
      document.body.classList.remove("reading");
      closeSections();
      showView(rest[0]);
      if (rest[0] === "map" && mapLine) mapLine = void mapLine.focus({ preventScroll: true });
    } else if (verb === "talk") {
      clearHash();
      showView("chat");
      send("open", { talk: rest.join("/") });
    } else if (verb === "ask") {
      clearHash();
      ask(decoded(rest.slice(1).join("/")), rest[0]);
    } else if (verb === "back") {
      clearHash();
      back();
    } else if (!verb) {
      if (isNarrow() || isSelected("read")) back(); // the browser's back button
      else closeSections();
    }
  };
  // Set the fragment without the browser's own jump to its target, because each pane scrolls separately.
  const navigate = (hash) => {
    if (hash !== location.hash) history.pushState(null, "", hash);
    followHash(hash);
  };
  addEventListener("hashchange", () => followHash(location.hash));

  // An answer's buttons
  const showBriefly = (button, text) => {
    const before = button.textContent;
    button.textContent = text;
    setTimeout(() => (button.textContent = before), 1800);
  };
  const textToCopy = (answer) => {
    const copy = answer.cloneNode(true);
    all(".foot, .refused, .going", copy).forEach((element) => element.remove());
    const lines = all("p, blockquote", copy).map((element) => element.textContent.replaceAll("\u00a0", " ").trim());
    const sources = all("a.marker", copy).map((element) => `${element.textContent} ${element.title}`);
    return [...lines, "", ...new Set(sources)].join("\n").trim();
  };
  // Unreadable turns are not shown, so the position of an answer is found by the turn number in the ids of its buttons.
  const question = (turn) => {
    const place = all("#chat .answer").findIndex((answer) => find(`#turn-${turn}-edit`, answer));
    return all("#chat .user .message-content")[place]?.innerText.trim() || "";
  };
  let editedTurn = 0; // the turn whose question is in the box for editing
  let draft = ""; // the text of the box before that
  const cancelEdit = () => {
    if (!editedTurn) return;
    editedTurn = 0;
    find("#editing").remove();
    fillBox(draft);
    draft = "";
  };
  const edit = (turn) => {
    cancelEdit();
    draft = box().value;
    editedTurn = turn;
    fillBox(question(turn));
    const note = document.createElement("p");
    note.id = "editing";
    note.setAttribute("role", "status");
    note.textContent = messages.editing + " ";
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "act";
    cancel.textContent = messages.cancel;
    cancel.onclick = cancelEdit;
    note.append(cancel);
    find("#question").before(note);
  };
  const rate = (turn, good) => {
    document.body.classList.add("rating");
    send("rate", { turn, good });
    setTimeout(() => find("#why textarea")?.focus(), 50);
  };
  const confirmed = (button, then) => {
    if (button.dataset.sure) return then();
    button.dataset.sure = "1";
    const before = button.textContent;
    button.textContent = messages.confirm;
    setTimeout(() => ((button.textContent = before), delete button.dataset.sure), 4000);
  };
  const askAgain = (button, turn, mode) => {
    const redo = () => ask(question(turn), mode, turn);
    if (button.closest(".answer") === all("#chat .answer").at(-1)) redo();
    else confirmed(button, redo); // the turns after this one are replaced
  };
  const deleteChat = (chatId) => {
    if (chatId === openChatId()) send("open", { talk: "" });
    send("delete", { talk: chatId });
  };
  const handleButton = (button) => {
    const [kind, ...rest] = button.id.split("-");
    const [turn, verb] = [Number(rest[0]), rest[1]];
    if (kind === "delete") confirmed(button, () => deleteChat(rest.join("-")));
    if (kind === "remove") confirmed(button, () => send("remove", { button: button.id }));
    if (kind !== "turn") return;
    if (verb === "copy") {
      const text = textToCopy(button.closest(".answer"));
      navigator.clipboard?.writeText(text).then(() => showBriefly(button, messages.copied));
    }
    if (verb === "retry") askAgain(button, turn, rest[2]);
    if (verb === "edit") edit(turn);
    if (verb === "good" || verb === "bad") rate(turn, verb === "good");
  };

  // Sentences of the open essay: chosen by a click, a text selection or the arrow keys
  let chosenSentence = "";
  const showToolbar = (text, rectangle) => {
    chosenSentence = text.replace(/\s+/g, " ").trim();
    let bar = find("#choice");
    if (!bar) {
      bar = document.createElement("div");
      bar.id = "choice";
      bar.setAttribute("role", "toolbar");
      for (const [verb, label] of [["ask", messages.ask_sentence], ["counter", messages.counter_sentence]]) {
        const element = document.createElement("button");
        element.type = "button";
        element.textContent = label;
        element.dataset.verb = verb;
        bar.append(element);
      }
    }
    find("#essay").append(bar);
    const frame = find("#essay").getBoundingClientRect();
    bar.style.top = `${rectangle.bottom - frame.top + 6}px`;
    bar.hidden = false;
  };
  const hideToolbar = () => {
    const bar = find("#choice");
    if (bar?.contains(document.activeElement)) find("#essay .s.chosen")?.focus({ preventScroll: true });
    all("#essay .s.chosen").forEach((element) => element.classList.remove("chosen"));
    if (bar) bar.hidden = true;
  };
  const chooseSentence = (sentence) => {
    hideToolbar();
    sentence.classList.add("chosen");
    sentence.focus({ preventScroll: true });
    reveal(sentence, "near");
    showToolbar(sentence.textContent, sentence.getBoundingClientRect());
    const bar = find("#choice");
    if (getComputedStyle(bar).position !== "fixed") return;
    const hidden = sentence.getBoundingClientRect().bottom + 12 - bar.getBoundingClientRect().top;
    if (hidden > 0) find("#view-read").scrollBy(0, hidden); // on a phone the toolbar is at the bottom of the pane
  };
  const useSentence = (verb) => {
    const text = chosenSentence;
    hideToolbar();
    showView("chat");
    if (verb === "ask") fillBox(`${box().value.trim()} “${text}” `.trimStart());
    else ask(messages.counter_question.replace("{sentence}", text), "counter");
  };
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    const text = selection.toString().trim();
    const range = text && selection.rangeCount ? selection.getRangeAt(0) : null;
    if (range && text.length > 1 && text.length < 1000 && find("#essay article")?.contains(range.commonAncestorContainer)) {
      showToolbar(text, range.getBoundingClientRect());
    }
  });

  // Clicks
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"], a[*|href^="#"]');
    if (link) {
      event.preventDefault();
      const hash = link.getAttribute("href");
      if (link.matches("#chat .marker, #sources a")) marker = link;
      return navigate(hash);
    }
    const button = event.target.closest("button");
    if (button?.matches("#question .submit-button")) return submit();
    if (button?.matches("#chat .example") && event.detail < 2) return ask(find(".example-text", button).textContent, "");
    if (button?.matches(".act") && button.id) return handleButton(button);
    if (button?.closest("#choice")) return useSentence(button.dataset.verb);
    if (button?.id === "view-sources-button") button.classList.remove("fresh");
    if (button?.id === "language") return switchLanguage();
    if (button?.id === "new") {
      send("open", { talk: "" });
      showView("chat");
      return box()?.focus();
    }
    const sentence = event.target.closest("#essay .s");
    if (sentence && !getSelection().toString().trim()) chooseSentence(sentence);
  });

  // Keys. Enter submits once, also during the composition of Hangul: the browser then reports key code 229, and may or may not
  // report a second Enter after the composition. In Japanese and Chinese input Enter chooses a word and does not submit.
  const HANGUL = /^[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3\s]*$/;
  let pending = 0;
  document.addEventListener("input", (event) => event.target === box() && draftNumber++, true);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && find("#choice:not([hidden])")) return hideToolbar();
      if (event.key === "Escape" && event.target.closest("#essay")) return back();
      if (event.key === "Escape" && event.target.closest("#map .more")) return navigate("#view/map");
      const sentence = event.target.closest?.("#essay .s");
      if (sentence && ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"].includes(event.key)) {
        const sentences = all("#essay .s");
        const next = sentences[sentences.indexOf(sentence) + (/Down|Right/.test(event.key) ? 1 : -1)];
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
        pending = -1; // decided when the composition ends
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

  // A new question is scrolled to the top of the chat and the answer grows below it, so that the text does not move while it is read.
  const watchChat = () => {
    const asked = all("#chat .user.message");
    saveOpenChat();
    // Gradio labels a message with all of its markup, which a screen reader would read instead of the text.
    all("#chat [data-testid=bot][aria-label], #chat [data-testid=user][aria-label]").forEach((element) => element.removeAttribute("aria-label"));
    for (const [selector, pressed] of [[".on", true], [":not(.on)", false]]) {
      const changed = `#chat .foot .act:nth-child(n + 4)${selector}:not([aria-pressed=${pressed}])`; // of the rating buttons
      all(changed).forEach((element) => element.setAttribute("aria-pressed", pressed));
    }
    if (!asked.length) return; // Gradio may remove all messages for a moment
    if (asked.length > questionCount) reveal(asked.at(-1), "top");
    questionCount = asked.length;
  };
  const openChatId = () => chatIdBox()?.value || "";
  const saveOpenChat = () => readStorage("talk") === openChatId() || writeStorage("talk", openChatId());

  // When the essay has been loaded, scroll to the requested place and focus it.
  let opening = "";
  const watchEssay = () => {
    const article = find("#essay article");
    if (!article || article.id === opening) return;
    opening = article.id;
    hideToolbar();
    const first = find("#essay .s");
    if (first) first.tabIndex = 0;
    requestAnimationFrame(() => {
      const place = find("#here") || find("#essay mark") || find("#essay-title");
      reveal(place, place?.id === "essay-title" ? "top" : "middle");
      place?.focus({ preventScroll: true });
    });
  };

  // The hidden boxes may be on the page before Gradio listens to them. A command sent then is lost, so it is repeated.
  const start = (chatId, tries) => {
    if (document.body.matches(".ready") || !tries) return;
    send("start", { talk: chatId, collection: readStorage("collection") });
    setTimeout(() => start(chatId, tries - 1), 700);
  };
  let [reopening, lastStatus] = [0, ""];
  // The server says which chat it has drawn, whether an answer is being written, and the number of the text that it has taken from the box.
  const watchStatus = () => {
    const text = find("#writing .md")?.textContent.trim(); // without Gradio's progress, which it puts beside it
    if (!text || text === lastStatus) return;
    lastStatus = text;
    const [state, draft, chatId = ""] = text.split(" ");
    document.body.classList.toggle("answering", state === "answering");
    if (chatId && chatId === leftChat) {
      // A slow browser still had steps of the chat before, and drew them over the open one. After the last it is opened again.
      clearTimeout(reopening);
      reopening = setTimeout(() => send("open", { talk: openedChat }), 100);
      return;
    }
    openedChat = chatId;
    if (Number(draft) !== draftNumber) return; // nothing was taken, or the text was changed since
    write(box(), "");
    cancelEdit();
  };
  // A dot on the tab shows that there are new sources while another view is open.
  let lastSources = "";
  const watchSources = () => {
    const sources = all("#sources .where").map((element) => element.textContent).join();
    if (sources && sources !== lastSources && !isSelected("sources")) find("#view-sources-button")?.classList.add("fresh");
    lastSources = sources;
  };
  const begin = () => {
    for (const [selector, name] of [[".submit-button", messages.send], [".stop-button", messages.stop]]) {
      find(`#question ${selector}`).setAttribute("aria-label", name);
    }
    const status = document.createElement("p");
    status.id = "status";
    status.setAttribute("role", "status");
    find("#question").before(status);
    find("#chat .examples")?.removeAttribute("role"); // Gradio calls the example questions a list, but a list without items
    const chatId = readStorage("talk");
    const watched = [["#chat", watchChat], ["#views", watchEssay], ["#views", watchSources], ["#mode", watchStart], ["#writing", watchStatus]];
    for (const [selector, work] of watched) {
      new MutationObserver(work).observe(find(selector), { childList: true, subtree: true, characterData: true });
    }
    addEventListener("pagehide", saveOpenChat);
    addEventListener("pagehide", () => writeStorage("collection", collection()));
    start(chatId, 20);
  };
  const finishStart = () => {
    all("#mode input").forEach((element) => (element.name = "mode")); // Gradio gives each its own name, so that arrow keys would not work
    document.body.classList.add("ready");
    if (readStorage("draft")) fillBox(readStorage("draft"));
    writeStorage("draft", "");
    if (location.hash) followHash(location.hash);
    else if (isNarrow()) showView("chat");
    else box().focus();
    narrowScreen.addEventListener("change", () => isSelected(isNarrow() ? "sources" : "chat") && showView("chat"));
  };
  // The server's first update has arrived when the modes are named in the reader's language.
  const watchStart = () => {
    const mode = find("#mode label span");
    if (!document.body.matches(".ready") && mode && mode.textContent.trim() !== "answer") finishStart();
  };
  const isMounted = () => ["#chat", "#mode label", "#do-start", "#question .stop-button", "#writing", "#views [role=tab]"].every((element) => find(element));
  const mounting = new MutationObserver(() => isMounted() && (mounting.disconnect(), begin()));
  mounting.observe(document.documentElement, { childList: true, subtree: true });
})();
