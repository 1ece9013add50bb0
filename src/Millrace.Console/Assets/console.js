'use strict';
// Theme before the first paint, keyboard shortcuts, and coming back after the server was away. The pages themselves are Blazor's.
(function () {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => { try { return localStorage.getItem('millrace.theme'); } catch { return null; } };

  function applyTheme() {
    root.dataset.theme = stored() || (system.matches ? 'dark' : 'light');
  }

  function toggleTheme() {
    const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      // Choosing what the system has means following the system again.
      if (next === (system.matches ? 'dark' : 'light')) localStorage.removeItem('millrace.theme');
      else localStorage.setItem('millrace.theme', next);
    } catch { /* private mode: the choice lasts as long as the page */ }
    root.dataset.theme = next;
  }

  applyTheme();
  system.addEventListener('change', applyTheme);

  const pages = { o: '', t: 'topics', g: 'groups', c: 'connectors', j: 'jobs', a: 'analytics', l: 'alerts' };
  let waitsForPage = 0;

  function go(path) {
    const link = document.querySelector(`.side nav a[href="${path}"]`);
    if (link) link.click();
  }

  const typing = (target) => target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
      const run = event.target instanceof Element && event.target.closest('[data-run-scope]')?.querySelector('[data-run]');
      if (run) { event.preventDefault(); event.target.dispatchEvent(new Event('change', { bubbles: true })); run.click(); }
      return;
    }
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === 'Escape' && typing(event.target)) event.target.blur();
      return;
    }
    if (Date.now() - waitsForPage < 1500 && event.key in pages) { waitsForPage = 0; event.preventDefault(); go(pages[event.key]); return; }
    waitsForPage = 0;
    switch (event.key) {
      case 'g': waitsForPage = Date.now(); break;
      case '?': document.getElementById('keys')?.showModal(); break;
      case 'd': toggleTheme(); break;
      case '/': { const search = document.querySelector('[data-search]'); if (search) { event.preventDefault(); search.focus(); } break; }
      case 'l': document.querySelector('[data-live]')?.click(); break;
    }
  });

  document.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    // The router takes links with a hash for its own and would scroll without moving the focus.
    if (event.target.closest('.skip')) { event.preventDefault(); event.stopPropagation(); document.getElementById('page')?.focus(); return; }
    if (event.target.closest('[data-theme-toggle]')) toggleTheme();
    if (event.target.closest('[data-keys]')) document.getElementById('keys')?.showModal();
    if (event.target.closest('[data-close]')) event.target.closest('dialog')?.close();
    const side = document.querySelector('.side');
    const menu = event.target.closest('.menu-button');
    if (menu) menu.setAttribute('aria-expanded', String(side.classList.toggle('open')));
    else if (event.target.closest('.side a')) { side.classList.remove('open'); document.querySelector('.menu-button')?.setAttribute('aria-expanded', 'false'); }
  }, true);

  // A server that was started anew does not know this page any more: load it again as soon as it answers.
  async function comeBack() {
    for (;;) {
      try { if ((await fetch('health', { cache: 'no-store' })).ok) { location.reload(); return; } } catch { /* still away */ }
      await new Promise((wake) => setTimeout(wake, 1000));
    }
  }
  let comingBack = false;
  document.addEventListener('DOMContentLoaded', () => {
    const modal = document.getElementById('components-reconnect-modal');
    new MutationObserver(() => {
      if (!comingBack && /components-reconnect-(failed|rejected)/.test(modal.className)) { comingBack = true; comeBack(); }
    }).observe(modal, { attributes: true, attributeFilter: ['class'] });
  });
})();
