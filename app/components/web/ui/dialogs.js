// Streamlit covers the page with a dialog when its server is away, and advises to "streamlit run yourscript.py". Our
// own notice says what is to be said and leaves picture and controls alone, so that dialog is closed as it comes.

const CONNECTION = ".stDialog:has([data-testid=stErrorCodeBlock])"

const close = () =>
  /** @type {HTMLElement | null} */ (document.querySelector(`${CONNECTION} button[aria-label=Close]`))?.click()

new MutationObserver(close).observe(document.body, { childList: true })
