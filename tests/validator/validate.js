// Reads statements as JSON lines on standard input, prints one JSON line per statement that
// LearningLocker's validator objects to: {"line": 1, "findings": ["..."]}. Exit code 1 if any.
'use strict';

const validate = require('@learninglocker/xapi-validation').default;
const readline = require('node:readline');

let line = 0;
let bad = 0;

readline
  .createInterface({ input: process.stdin })
  .on('line', (text) => {
    line += 1;
    if (text.trim() === '') return;
    let findings;
    try {
      findings = validate(JSON.parse(text)).map(
        (warning) => `${(warning.path || []).join('.')}: ${warning.constructor.name}`,
      );
    } catch (error) {
      findings = [`not JSON, or the validator failed: ${error.message}`];
    }
    if (findings.length > 0) {
      bad += 1;
      process.stdout.write(`${JSON.stringify({ line, findings })}\n`);
    }
  })
  .on('close', () => {
    process.exitCode = bad > 0 ? 1 : 0;
  });
