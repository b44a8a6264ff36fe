// Search in Chinese. mdBook's index cuts text at spaces, and Chinese has none. Here the index is
// built again in the page, from the texts that it holds: a word is a run of letters and digits
// (recv_from is one), or two neighbouring Han characters (三次握手 is three: 三次 次握 握手).
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
  elasticlunr.tokenizer = words;
  elasticlunr.Index.load = (stored) => {
    const index = new elasticlunr.Index();
    index.pipeline.add(elasticlunr.stopWordFilter, elasticlunr.stemmer);
    index.setRef(stored.ref);
    stored.fields.forEach((field) => index.addField(field));
    Object.values(stored.documentStore.docs).forEach((text) => index.addDoc(text));
    return index;
  };
})();
