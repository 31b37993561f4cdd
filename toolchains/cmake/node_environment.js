// Lets programs run by node see the environment variables of the process; Emscripten gives them its own.
Module['preRun'] = [].concat(Module['preRun'] || [], () => {
  if (typeof ENV != 'undefined') Object.assign(ENV, process.env);
});
