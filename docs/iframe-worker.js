// Browsers start no worker for a page from the disk. The search of the site asks for one: there, its
// script runs in a hidden frame, which has what a worker has of its own.
class FramedWorker extends EventTarget {
  constructor(address) {
    super();
    this.frame = document.createElement("iframe");
    this.frame.hidden = true;
    document.body.append(this.frame);
    const inside = this.frame.contentWindow;
    inside.document.open();
    inside.document.write("<!doctype html><body></body>");
    inside.document.close();
    const loaded = (one) => new Promise((done, failed) => {
      const script = inside.document.createElement("script");
      Object.assign(script, { src: one, onload: done, onerror: failed });
      inside.document.body.append(script);
    });
    inside.importScripts = (...all) => all.reduce((before, one) => before.then(() => loaded(one)), Promise.resolve());
    inside.postMessage = (data) => setTimeout(() => this.tell(structuredClone(data)));
    this.ready = loaded(address);
  }

  tell(data) {
    const message = new MessageEvent("message", { data });
    this.dispatchEvent(message);
    if (this.onmessage) this.onmessage(message);
  }

  postMessage(data) {
    const copy = structuredClone(data);
    this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data: copy })));
  }

  terminate() { this.frame.remove(); }
}

if (location.protocol === "file:") window.Worker = FramedWorker;
