// Sorting, filtering and copying. What a model wrote only ever becomes text: nothing here parses markup.
"use strict";

const CHUNK = 100;
const KINDS = {
  text: "text", score: "", long: "long", instruction: "long instruction", number: "number", integer: "number", dollars: "number",
};
const collator = new Intl.Collator("en", { numeric: true });

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Copying

async function copy(text, button) {
  const done = await write(text);
  const label = button.dataset.label || (button.dataset.label = button.textContent);
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => { button.textContent = label; }, 2000);
}

async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeOldWay(text);
  }
}

function writeOldWay(text) {
  const area = make("textarea", { value: text, className: "hidden" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function smallCopy(text) {
  const button = copyButton(text, "Copy");
  button.className = "small";
  return button;
}

function copyButton(text, label) {
  return make("button", { type: "button", onclick: (event) => copy(text, event.currentTarget) }, label);
}

// One table: rows are arrays, and only those that are looked at become elements.

class Explorer {
  constructor(place, view) {
    this.place = place;
    this.view = view;
    this.texts = view.columns.map((column, index) => index).filter((index) => !isNumber(view.columns[index]));
    this.order = view.rows.map((_, index) => index);
    this.sort = view.sort;
    this.haystacks = [];
    this.winners = new Set(view.winners);
    this.build();
    this.update();
  }

  build() {
    const { columns } = this.view;
    this.words = make("input", { type: "search", placeholder: "words", autocomplete: "off", spellcheck: false });
    this.words.addEventListener("input", () => this.update());
    this.choices = columns.flatMap((column, index) => (column.choices ? [this.choice(column, index)] : []));
    this.sorter = make("select", { onchange: () => this.sortBy(...this.sorter.value.split(" ").map(Number)) });
    columns.forEach((column, index) => {
      this.sorter.append(new Option(`${column.label}, descending`, `${index} -1`));
      this.sorter.append(new Option(`${column.label}, ascending`, `${index} 1`));
    });
    this.count = make("p", { className: "count" });
    this.count.setAttribute("role", "status");
    const tools = make("div", { className: "tools" }, make("label", {}, "Filter", this.words));
    for (const { column, select } of this.choices) tools.append(make("label", {}, column.label, select));
    tools.append(make("label", { className: "only-narrow" }, "Sort", this.sorter), this.count);

    this.heads = columns.map((column, index) => this.head(column, index));
    const opener = this.view.details ? [make("th", { scope: "col" }, make("span", { className: "hidden" }, "Answers"))] : [];
    this.body = make("tbody");
    this.table = make("table", { className: "explorer cards" },
      make("caption", { className: "hidden" }, this.view.title),
      make("thead", {}, make("tr", {}, ...opener, ...this.heads)), this.body);
    this.more = make("button", { type: "button", className: "more", onclick: () => this.show() });
    this.place.replaceChildren(tools, this.table, this.more);
    if ("IntersectionObserver" in window) {
      new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) this.show(); },
        { rootMargin: "400px" }).observe(this.more);
    }
  }

  choice(column, index) {
    const values = [...new Set(this.view.rows.map((row) => row[index]))].sort(collator.compare);
    const select = make("select", { onchange: () => this.update() }, new Option("all", ""));
    for (const value of values) select.append(new Option(value, `=${value}`));
    return { column, index, select };
  }

  head(column, index) {
    const button = make("button", { type: "button", onclick: () => this.toggle(index) }, column.label);
    return make("th", { scope: "col", className: isNumber(column) ? "number" : "" }, button);
  }

  toggle(index) {
    const [sorted, direction] = this.sort;
    this.sortBy(index, sorted === index ? -direction : isNumber(this.view.columns[index]) ? -1 : 1);
  }

  sortBy(index, direction) {
    this.sort = [index, direction];
    this.update();
  }

  matches(index) {
    const row = this.view.rows[index];
    if (this.choices.some((choice) => choice.select.value && choice.select.value !== `=${row[choice.index]}`)) return false;
    if (!this.sought.length) return true;
    this.haystacks[index] ??= this.texts.map((column) => row[column] ?? "").join("\n").toLowerCase();
    return this.sought.every((word) => this.haystacks[index].includes(word));
  }

  update() {
    const [column, direction] = this.sort;
    const { rows } = this.view;
    this.sought = this.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.order = rows.map((_, index) => index).filter((index) => this.matches(index));
    this.order.sort((a, b) => compare(rows[a][column], rows[b][column], direction) || a - b);
    this.heads.forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    });
    this.sorter.value = `${column} ${direction}`;
    const found = this.order.length.toLocaleString("en");
    this.count.textContent = this.order.length === rows.length ? found : `${found} of ${rows.length.toLocaleString("en")}`;
    this.count.append(` ${this.view.noun}`);
    this.body.replaceChildren();
    this.shown = 0;
    this.show();
  }

  show() {
    const next = this.order.slice(this.shown, this.shown + CHUNK);
    this.body.append(...next.map((index) => this.row(index)));
    this.shown += next.length;
    this.more.hidden = this.shown >= this.order.length;
    this.more.textContent = `Show more (${(this.order.length - this.shown).toLocaleString("en")} left)`;
  }

  row(index) {
    const { columns, rows, details } = this.view;
    const line = make("tr");
    if (details) line.append(this.opener(index, line));
    columns.forEach((column, place) => line.append(cell(column, rows[index][place])));
    if (this.winners.has(index)) {
      line.className = "winner";
      line.querySelector("td.instruction").prepend(make("span", { className: "badge" }, "★ best"), " ");
    }
    if (!details) line.querySelectorAll("td.instruction").forEach((place) => place.append(" ", smallCopy(this.instruction(index))));
    return line;
  }

  opener(index, line) {
    const button = make("button", { type: "button", ariaExpanded: "false", ariaLabel: "Show the answers" }, "+");
    button.addEventListener("click", () => {
      const open = button.ariaExpanded === "false";
      button.ariaExpanded = String(open);
      button.textContent = open ? "−" : "+";
      if (open) line.after(this.detail(index));
      else line.nextElementSibling.remove();
    });
    return make("td", { className: "open", "data-label": "Answers" }, button);
  }

  detail(index) {
    const { details, sets, texts, columns } = this.view;
    const button = copyButton(this.instruction(index), "Copy this instruction");
    const place = make("td", { colSpan: columns.length + 1 }, make("p", {}, button));
    const detail = details[index];
    if (detail) place.append(answers(detail, sets[detail.set] || [], texts));
    else place.append(make("p", { className: "note" }, "Its answers are in the run's candidates.jsonl: the page holds those of the best instructions."));
    return make("tr", { className: "detail" }, place);
  }

  instruction(index) {
    return this.view.rows[index][this.view.columns.findIndex((column) => column.kind === "instruction")];
  }
}

function isNumber(column) {
  return KINDS[column.kind] === "number";
}

function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  return direction * (typeof a === "number" ? a - b : collator.compare(a, b));
}

function cell(column, value) {
  const place = make("td", { "data-label": column.label });
  place.className = KINDS[column.kind];
  if (column.kind === "score" && value !== null) place.append(verdict(value));
  else if (column.kind === "text" && value !== null) place.append(...breakable(value));
  else place.append(shown(column, value));
  return place;
}

// A name may be broken after its underscores, and only there.
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part, index) => (index ? [make("wbr"), part] : [part]));
}

function shown(column, value) {
  if (value === null) return "–";
  if (column.kind === "dollars") return value.toFixed(value < 1 ? 4 : 2);
  if (column.kind === "number") return value.toFixed(3).replace("-", "−");
  return column.kind === "integer" ? value.toLocaleString("en") : value;
}

function verdict(score) {
  if (score === 1) return make("span", { className: "verdict right" }, "✓ right");
  if (score === 0) return make("span", { className: "verdict wrong" }, "✗ wrong");
  return make("span", { className: "verdict partly" }, score.toFixed(2));
}

function answers(detail, examples, texts) {
  const { extracted } = detail;
  const body = make("tbody");
  detail.outputs.forEach((output, place) => {
    const example = examples[place];
    const known = example ? [answer("Input", example.input), answer("Expected", example.expected.join("\n"))] : [];
    const scored = extracted ? [answer("Scored part", textAt(texts, extracted[place]))] : [];
    const score = detail.scores[place];
    body.append(make("tr", {}, ...known, answer("Answer", textAt(texts, output)), ...scored,
      answer("Score", score === null ? "–" : verdict(score))));
  });
  const titles = [...(examples.length ? ["Input", "Expected"] : []), "Answer", ...(extracted ? ["Scored part"] : []), "Score"];
  const heads = titles.map((title) => make("th", { scope: "col" }, title));
  const table = make("table", { className: "answers cards" }, make("thead", {}, make("tr", {}, ...heads)), body);
  const missing = examples.length ? [] : [make("p", { className: "note" }, "This run did not record its examples.")];
  return make("div", {}, table, ...missing);
}

function answer(label, content) {
  return make("td", { "data-label": label }, content);
}

function textAt(texts, place) {
  return place === null ? "no answer" : texts[place];
}

// Start

for (const button of document.querySelectorAll("button[data-text]")) {
  button.addEventListener("click", () => copy(button.dataset.text, button));
}
for (const view of JSON.parse(document.getElementById("data").textContent)) {
  new Explorer(document.getElementById(view.id), view);
}
