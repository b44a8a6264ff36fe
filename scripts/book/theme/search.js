// Search for Chinese words, and for an error line that was pasted as a whole. mdBook's index cuts
// text at spaces, and Chinese has none. Here the index is built again in the page, from the texts
// that it holds: a word is a run of letters and digits (recv_from is one), or two neighbouring Han
// characters (三次握手 is three: 三次 次握 握手).
"use strict";
(() => {
  if (!window.elasticlunr) return;
  const han = /\p{Script=Han}/u;
  const words = (text) => {
    const found = [];
    for (const run of String(text ?? "").toLowerCase().match(/\p{Script=Han}+|[\p{L}\p{N}_]+/gu) ?? []) {
      const parts = run.match(/\p{Script=Han}+|\P{Script=Han}+/gu);
      for (const part of parts) {
        if (!han.test(part) || part.length === 1) found.push(part);
        else for (let i = 0; i + 1 < part.length; i++) found.push(part.slice(i, i + 2));
      }
    }
    return found;
  };
  // A search for one character finds the words that begin with it. The last one of a run begins no
  // word, so the index has it by itself too (码 of 乱码).
  const lasts = (text) => String(text ?? "").match(/(?<=\p{Script=Han})\p{Script=Han}(?!\p{Script=Han})/gu) ?? [];

  // The length of the longest piece of the question that stands in the text as it is.
  const longest = (asked, text) => {
    let best = 1;
    for (let start = 0; start < asked.length; start++) {
      for (let end = start + 1; end <= asked.length; end++) {
        const piece = asked.slice(start, end).join(" ");
        if (!text.includes(` ${piece} `)) break;
        best = Math.max(best, piece.length);
      }
    }
    return best;
  };

  elasticlunr.Index.load = (stored) => {
    const index = new elasticlunr.Index();
    const texts = {}, addresses = window.search.doc_urls;
    index.pipeline.add(elasticlunr.stopWordFilter, elasticlunr.stemmer);
    index.setRef(stored.ref);
    stored.fields.forEach((field) => index.addField(field));
    elasticlunr.tokenizer = (text) => [...words(text), ...lasts(text)];
    for (const [ref, doc] of Object.entries(stored.documentStore.docs)) {
      if (addresses[ref].endsWith("#related-pages")) continue; // links are no answer
      index.addDoc(doc);
      texts[ref] = ` ${words(`${doc.title} ${doc.body}`).join(" ")} `;
    }
    elasticlunr.tokenizer = words;

    // Some of the words are enough, since a pasted line has an address or a file's name that no
    // page can know. The more of the line stands in a section as it is, the better. Where many
    // pages show the same error, the page that explains it comes first. At the end, what has
    // neither all the words nor much of the line is left out.
    const find = index.search.bind(index);
    index.search = (question, options) => {
      const every = new Set(find(question, options).map((result) => result.ref));
      const asked = words(question);
      const found = find(question, { ...options, bool: "OR" });
      for (const result of found) {
        result.score *= longest(asked, texts[result.ref]) ** 2;
        if (addresses[result.ref].startsWith("questions/")) result.score *= 2;
      }
      found.sort((a, b) => b.score - a.score);
      return found.filter((result) => every.has(result.ref) || result.score > found[0].score / 20);
    };
    return index;
  };

  // The words that are marked in what is found: not every "a" of a pasted line.
  window.search ??= {};
  window.search.marked = (question) => {
    const all = question.match(/[\p{L}\p{N}_]+/gu) ?? [question];
    const worth = (word) => word.length > 2 && elasticlunr.stopWordFilter(word.toLowerCase());
    const some = all.filter((word) => han.test(word) || worth(word));
    return some.length ? some : all;
  };

  // The place of a text where a Chinese word stands, with some text around it; nothing for others.
  window.search.excerpt = (body, terms, escape) => {
    const wanted = terms.filter((term) => han.test(term)).flatMap((term) => [term, ...words(term)]);
    const hit = wanted.find((term) => body.toLowerCase().includes(term));
    if (!hit) return null;
    const at = body.toLowerCase().indexOf(hit), start = Math.max(0, at - 40);
    const [before, found, after] = [body.slice(start, at), body.substr(at, hit.length), body.substr(at + hit.length, 80)];
    return `${start ? "…" : ""}${escape(before)}<em>${escape(found)}</em>${escape(after)}…`;
  };

  // What is pasted with the mouse presses no key, and mdBook waits for one.
  const bar = document.getElementById("mdbook-searchbar");
  bar?.addEventListener("input", () => bar.dispatchEvent(new KeyboardEvent("keyup")));
})();
