// While sign-ups flood in, the subscribe box carries a challenge: the browser solves it while its visitor
// types. Whatever goes wrong here, the form is sent as it is: then the mail takes a little longer.
(function () {
  "use strict";
  var field = document.querySelector("input[data-challenge]");
  if (!field || !window.Worker || !window.crypto || !window.crypto.subtle) return;
  var form = field.form, note = form.querySelector("[data-wait]");
  var challenge = JSON.parse(field.getAttribute("data-challenge"));
  var begun = false, over = false, pressed = null;

  function end() {
    if (over) return;
    over = true;
    note.textContent = "";
    if (pressed) form.submit();
  }

  function begin() {
    if (begun) return;
    begun = true;
    try {
      var worker = new Worker(field.getAttribute("data-solver"));
      worker.onerror = end;
      worker.onmessage = function (message) {
        var solution = message.data;
        if (solution && solution.derivedKey) {
          field.value = btoa(JSON.stringify({ challenge: challenge, solution: solution }));
        }
        worker.terminate();
        end();
      };
      worker.postMessage({ type: "work", challenge: challenge, counterStart: 0, counterStep: 1, timeout: 60000 });
    } catch (error) {
      end();
    }
  }

  form.addEventListener("focusin", begin);
  form.addEventListener("submit", function (event) {
    begin();
    if (over) return;
    event.preventDefault();
    pressed = true;
    note.textContent = note.getAttribute("data-wait");
    setTimeout(end, 20000);
  });
})();
