// Live figures. An element says what it shows and where to fetch itself again:
//   <div id="funnel" data-live="match:12" hx-get="..." hx-trigger="live" hx-swap="outerHTML">
// The body carries the stream's address and a signed token. The stream says only which topic changed; htmx fetches the
// fragment, at most once a second. When the stream is down the page asks every 2 s; when that fails too, the figures
// keep their value and [data-live-age] shows how old they are.
"use strict";
(() => {
  const FETCH_EVERY_MS = 1000;
  const POLL_EVERY_MS = 2000;
  const RETRY_MIN_MS = 1000;
  const RETRY_MAX_MS = 30000;
  let source = null;
  let retryMs = RETRY_MIN_MS;
  let polling = 0;
  let freshAt = Date.now();
  const due = new Map(); // topic -> timer
  const versions = new Map(); // topic -> the version that was fetched last

  const shown = () => [...document.querySelectorAll("[data-live]")];
  const topics = () => [...new Set(shown().map((element) => element.dataset.live))];

  function refetch(topic) {
    if (due.has(topic)) return;
    due.set(topic, setTimeout(() => {
      due.delete(topic);
      if (document.hidden) { document.addEventListener("visibilitychange", () => refetch(topic), { once: true }); return; }
      shown().filter((element) => element.dataset.live === topic).forEach((element) => window.htmx.trigger(element, "live"));
    }, FETCH_EVERY_MS));
  }

  function poll(on) {
    if (on && !polling) polling = setInterval(() => topics().forEach(refetch), POLL_EVERY_MS);
    if (!on && polling) { clearInterval(polling); polling = 0; }
  }

  function connect() {
    const address = document.body.dataset.liveUrl;
    if (!address || !topics().length) { poll(topics().length > 0); return; }
    source = new EventSource(address);
    source.onopen = () => { retryMs = RETRY_MIN_MS; poll(false); };
    source.onmessage = (event) => {
      const { topic, version } = JSON.parse(event.data);
      if (!topic || versions.get(topic) === version) return;
      versions.set(topic, version); // the first one is told on joining, so nothing between drawing and joining is missed
      refetch(topic);
    };
    source.onerror = () => {
      source.close();
      poll(true);
      setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    };
  }

  function showAge() {
    if (source?.readyState === EventSource.OPEN) freshAt = Date.now();
    const seconds = Math.round((Date.now() - freshAt) / 1000);
    document.querySelectorAll("[data-live-age]").forEach((element) => {
      element.hidden = seconds < 10;
      element.textContent = element.dataset.liveAge.replace("%s", String(seconds));
    });
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.target.closest?.("[data-live]")) freshAt = Date.now();
  });
  document.addEventListener("DOMContentLoaded", () => { connect(); if (shown().length) setInterval(showAge, 1000); });
  window.addEventListener("pagehide", () => source?.close());
})();
