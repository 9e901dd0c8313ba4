// Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.
//
// run: npm install && NATS_RS_LIBRARY=/usr/local/lib/libnats_rs.so.0 node demo.js URL
//      [all|exit|exit-in-callback|error-in-callback]

import assert from "node:assert/strict";
import { once } from "node:events";
import { Connection, handlers, sizes } from "./nats_rs.js";

const MESSAGES = 1000;

async function everything(url) {
    let onReconnected;
    const reconnected = new Promise((resolve) => (onReconnected = resolve));
    const nc = await Connection.connect(url, { onReconnected });
    console.log("connected");

    const received = [];
    let sub;
    await new Promise((resolve) => {
        sub = nc.subscribe("demo.numbers", (msg) => {
            received.push(Number(msg.data));
            if (received.length === MESSAGES) resolve();
        });
        for (let number = 0; number < MESSAGES; number++) nc.publish("demo.numbers", number);
    });
    assert.deepEqual(received, [...Array(MESSAGES).keys()]);
    console.log(`received ${received.length} messages in order`);
    await sub.drain();

    nc.subscribe("demo.question", (msg) => nc.publish(msg.reply, "42"));
    console.log(`the answer is ${(await nc.request("demo.question", "?")).data}`);
    await nc.request("demo.nobody", "?").catch((error) => console.log(`refused: ${error.message}`));

    const js = nc.jetStream();
    await js.addStream("DEMO", ["demo.stored.>"]);
    let sequence;
    for (let number = 0; number < 10; number++) sequence = await js.publish("demo.stored.it", number);
    console.log(`stored ${sequence} messages`);
    const fetched = await js.fetch("demo.stored.>", "demo", 10);
    assert.deepEqual(
        fetched.map((msg) => Number(msg.data)),
        [...Array(10).keys()],
    );
    console.log(`fetched and acknowledged ${fetched.length} messages`);

    const kv = await js.createBucket("demo");
    await kv.put("color", "blue");
    await kv.put("color", "green");
    const { value, revision } = await kv.get("color");
    console.log(`color is ${value}, revision ${revision}`);
    kv.close();
    js.close();

    console.log("restart the server");
    await once(process.stdin, "data");
    process.stdin.destroy();
    await reconnected;
    console.log(`connected again, the answer is ${(await nc.request("demo.question", "?")).data}`);
    await nc.close();
    console.log("ended");
}

/** A connection whose callbacks run without a pause: each one publishes the next message. */
async function busy(url, callback) {
    const nc = await Connection.connect(url);
    let count = 0;
    nc.subscribe("demo.busy", (msg) => {
        count++;
        nc.publish(msg.subject, msg.data);
        callback(count);
    });
    for (let i = 0; i < 20; i++) nc.publish("demo.busy", "again");
    return nc;
}

const leave = () => {
    console.log("leaving");
    process.exit(3);
};

const programs = {
    all: everything,
    /** The program just ends, with no clean-up, while callbacks wait to be run. */
    exit: async (url) => {
        await new Promise((resolve) => busy(url, (count) => count === 1000 && resolve()));
        leave();
    },
    "exit-in-callback": (url) => busy(url, (count) => count === 1000 && leave()),
    "error-in-callback": async (url) => {
        const failures = [];
        handlers.onCallbackError = (error) => failures.push(error);
        let nc;
        await new Promise((resolve) => {
            nc = busy(url, (count) => {
                if (count === 1000) resolve();
                throw new RangeError("as it should be");
            });
        });
        await (await nc).close();
        // Publishing fails too, once the connection drains.
        assert(failures.filter((error) => error instanceof RangeError).length >= 1000);
        console.log("callbacks went on after errors");
    },
    sizes: () => sizes().forEach(([name, size]) => console.log(name, size)),
};

await programs[process.argv[3] ?? "all"](process.argv[2]);
