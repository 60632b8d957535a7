/** As much of the DOM as the pages use: a tree, attributes, events, focus. Nothing is laid out, drawn or parsed. */

const FORM_FIELDS = new Set(["INPUT", "SELECT", "TEXTAREA"]);

class Text {
  constructor(text) {
    this.textContent = text;
    this.parentNode = null;
  }

  get nodeName() {
    return "#text";
  }

  get innerHTML() {
    return this.textContent.replaceAll("<", "&lt;");
  }

  cloneNode() {
    return new Text(this.textContent);
  }

  remove() {
    this.parentNode?.drop(this);
  }
}

export class Element extends EventTarget {
  constructor(tag, document) {
    super();
    this.tagName = tag.toUpperCase();
    this.ownerDocument = document;
    this.attributes = new Map();
    this.childNodes = [];
    this.parentNode = null;
    this.style = {};
    this.disabled = false;
    this.validity = "";
    this.dataset = new Proxy(this, {
      get: (self, name) => (typeof name === "string" ? self.getAttribute(`data-${name}`) ?? undefined : undefined),
      set: (self, name, value) => (self.setAttribute(`data-${name}`, value), true),
      deleteProperty: (self, name) => (self.removeAttribute(`data-${name}`), true),
      ownKeys: () => [],
    });
    this.classList = { toggle() {} };
  }

  get id() {
    return this.getAttribute("id") ?? "";
  }

  get name() {
    return this.getAttribute("name") ?? "";
  }

  get nodeName() {
    return this.tagName;
  }

  get hidden() {
    return this.hasAttribute("hidden");
  }

  set hidden(value) {
    if (value) this.setAttribute("hidden", "");
    else this.removeAttribute("hidden");
  }

  get children() {
    return this.childNodes.filter((child) => child instanceof Element);
  }

  get firstChild() {
    return this.childNodes[0] ?? null;
  }

  hasChildNodes() {
    return this.childNodes.length > 0;
  }

  get value() {
    if (this.typed !== undefined) return this.typed;
    if (this.tagName !== "SELECT") return this.getAttribute("value") ?? "";
    const options = this.all("option");
    return (options.find((option) => option.hasAttribute("selected")) ?? options[0])?.getAttribute("value") ?? "";
  }

  set value(text) {
    this.typed = text;
  }

  get elements() {
    return Object.fromEntries(this.all((element) => FORM_FIELDS.has(element.tagName) && element.name).map((element) => [element.name, element]));
  }

  getAttribute(name) {
    return this.attributes.get(name) ?? null;
  }

  hasAttribute(name) {
    return this.attributes.has(name);
  }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
    if (name === "disabled") this.disabled = true;
  }

  removeAttribute(name) {
    this.attributes.delete(name);
  }

  getAttributeNames() {
    return [...this.attributes.keys()];
  }

  append(...children) {
    for (const child of children) {
      const node = child instanceof Element || child instanceof Text ? child : new Text(String(child));
      node.remove();
      node.parentNode = this;
      this.childNodes.push(node);
    }
  }

  prepend(...children) {
    const rest = this.childNodes.splice(0);
    this.append(...children);
    this.childNodes.push(...rest);
  }

  insertBefore(child, next) {
    const rest = next === null ? [] : this.childNodes.splice(this.childNodes.indexOf(next));
    // It may be among them: moved, as everything that is put in a place where it was not.
    const at = rest.indexOf(child);
    if (at >= 0) this.childNodes.push(...rest.splice(at, 1));
    this.append(child);
    this.childNodes.push(...rest);
  }

  replaceChildren(...children) {
    for (const child of [...this.childNodes]) this.drop(child);
    this.append(...children);
  }

  drop(child) {
    const { ownerDocument: document } = this;
    if (child instanceof Element && child.contains(document.activeElement)) document.activeElement = document.body;
    this.childNodes.splice(this.childNodes.indexOf(child), 1);
    child.parentNode = null;
  }

  remove() {
    this.parentNode?.drop(this);
  }

  cloneNode(deep) {
    const copy = new Element(this.tagName, this.ownerDocument);
    for (const [name, value] of this.attributes) copy.setAttribute(name, value);
    if (deep) copy.append(...this.childNodes.map((child) => child.cloneNode(true)));
    return copy;
  }

  get isConnected() {
    return this.ownerDocument.documentElement.contains(this);
  }

  contains(other) {
    for (let node = other; node; node = node.parentNode) if (node === this) return true;
    return false;
  }

  get textContent() {
    return this.childNodes.map((child) => child.textContent).join("");
  }

  set textContent(text) {
    this.replaceChildren(new Text(text));
  }

  get innerHTML() {
    return this.childNodes.map((child) => (child instanceof Text ? child.innerHTML : child.outerHTML)).join("");
  }

  get outerHTML() {
    const tag = this.tagName.toLowerCase();
    return `<${tag}${[...this.attributes].map(([name, value]) => ` ${name}="${value}"`).join("")}>${this.innerHTML}</${tag}>`;
  }

  /** All elements below for which a simple selector, or a function, holds. */
  all(wanted) {
    const holds = typeof wanted === "function" ? wanted : (element) => element.matches(wanted);
    return this.children.flatMap((child) => [...(holds(child) ? [child] : []), ...child.all(wanted)]);
  }

  matches(selector) {
    const [, tag, id, name, attribute, , value] = /^(\w+)?(?:#([\w-]+))?(?:\.([\w-]+))?(?:\[([\w-]+)(="?(.*?)"?)?\])?$/.exec(selector) ?? [];
    return (
      (tag === undefined || this.tagName === tag.toUpperCase()) &&
      (id === undefined || this.id === id) &&
      (name === undefined || (this.getAttribute("class") ?? "").split(" ").includes(name)) &&
      (attribute === undefined || (value === undefined ? this.hasAttribute(attribute) : this.getAttribute(attribute) === value))
    );
  }

  querySelector(selector) {
    return this.all(selector)[0] ?? null;
  }

  querySelectorAll(selector) {
    return this.all(selector);
  }

  closest(selector) {
    for (let node = this; node; node = node.parentNode) if (selector.split(", ").some((each) => node.matches(each))) return node;
    return null;
  }

  focus() {
    this.ownerDocument.activeElement = this;
  }

  select() {}

  scrollIntoView() {}

  /** Where a test says that it lies. */
  getBoundingClientRect() {
    return { top: 0, bottom: 0, ...this.box };
  }

  setCustomValidity(text) {
    this.validity = text;
  }

  checkValidity() {
    return this.validity === "";
  }

  /** As somebody clicks: a disabled button does nothing, and one in a form sends it. */
  click() {
    if (this.disabled) return;
    const event = new Event("click", { bubbles: true });
    this.dispatch(event);
    if (this.tagName === "BUTTON" && this.getAttribute("type") !== "button") this.closest("form")?.requestSubmit(this);
  }

  /** Let an event happen here, and above. */
  dispatch(event) {
    Object.defineProperty(event, "target", { value: this, configurable: true });
    for (let node = this; node; node = node.parentNode) {
      Object.defineProperty(event, "currentTarget", { value: node, configurable: true });
      for (const handler of node.handlers?.get(event.type) ?? []) handler(event);
    }
  }

  addEventListener(type, handler) {
    this.handlers ??= new Map();
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), handler]);
  }

  requestSubmit(button = null) {
    const isWhole = this.all((element) => FORM_FIELDS.has(element.tagName)).every((field) => field.checkValidity() && !(field.hasAttribute("required") && field.value === ""));
    if (!isWhole) return;
    if (this.getAttribute("method") === "dialog") this.parentNode.close(button?.value ?? "");
    else this.dispatch(new Event("submit"));
  }

  showModal() {
    this.returnValue = "";
  }

  close(value = this.returnValue) {
    this.returnValue = value;
    this.dispatch(new Event("close"));
  }
}

/** A document without a page in it. */
export function makeDocument() {
  const document = new EventTarget();
  document.createElement = (tag) => new Element(tag, document);
  document.createElementNS = (_, tag) => new Element(tag, document);
  document.documentElement = document.createElement("html");
  document.body = document.createElement("body");
  document.documentElement.append(document.body);
  document.activeElement = document.body;
  document.hidden = false;
  document.querySelector = (selector) => document.documentElement.querySelector(selector);
  document.getElementById = (id) => document.documentElement.querySelector(`#${id}`);
  return document;
}
