// The yardstick of `benchmarks.delivery`: nodemailer's pool, given ready bytes.
//
//     NODE_PATH=… node nodemailer_pool.cjs PORT CONNECTIONS COUNT SENDER RECIPIENT MESSAGE_FILE
//
// Prints the seconds from the first message to the last answer.
"use strict";

const fs = require("node:fs");
const nodemailer = require("nodemailer");

const [port, connections, count, from, to, file] = process.argv.slice(2);
const raw = fs.readFileSync(file);
const pool = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  ignoreTLS: true,
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
});

// As many at work as there are connections: with all of them queued at once it is slower.
let left = Number(count);
async function lane() {
  while (left-- > 0) {
    await pool.sendMail({ envelope: { from, to: [to] }, raw });
  }
}

const began = process.hrtime.bigint();
Promise.all(Array.from({ length: Number(connections) }, lane)).then(
  () => {
    console.log(Number(process.hrtime.bigint() - began) / 1e9);
    pool.close();
  },
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
