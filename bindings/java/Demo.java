// Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.
//
// run: javac -cp /usr/share/java/jna.jar -d build *.java && java -cp build:/usr/share/java/jna.jar
//      -Dnats_rs.library=/usr/local/lib/libnats_rs.so.0 Demo URL [all|exit|exit-in-callback|error-in-callback]

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

public final class Demo {
    private static final int MESSAGES = 1000;

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    private static void everything(String url) throws Exception {
        CountDownLatch reconnected = new CountDownLatch(1);
        try (NatsRs.Connection nc = new NatsRs.Connection(url, reconnected::countDown)) {
            System.out.println("connected");

            BlockingQueue<Integer> numbers = new ArrayBlockingQueue<>(MESSAGES);
            NatsRs.Subscription sub = nc.subscribe("demo.numbers", msg -> numbers.add(Integer.parseInt(msg.text())));
            for (int number = 0; number < MESSAGES; number++) {
                nc.publish("demo.numbers", Integer.toString(number));
            }
            for (int number = 0; number < MESSAGES; number++) {
                Integer got = numbers.poll(10, TimeUnit.SECONDS);
                require(got != null && got == number, got + " in the place of " + number);
            }
            System.out.println("received " + MESSAGES + " messages in order");
            sub.drain(5000);

            nc.subscribe("demo.question", msg -> nc.publish(msg.reply, "42"));
            System.out.println("the answer is " + nc.request("demo.question", "?", 5000).text());
            try {
                nc.request("demo.nobody", "?", 5000);
            } catch (NatsRs.NatsException e) {
                System.out.println("refused: " + e.getMessage().split(":")[0]);
            }

            try (NatsRs.JetStream js = nc.jetStream()) {
                js.addStream("DEMO", "demo.stored.>");
                long sequence = 0;
                for (int number = 0; number < 10; number++) {
                    sequence = js.publish("demo.stored.it", Integer.toString(number));
                }
                System.out.println("stored " + sequence + " messages");
                List<String> fetched = new ArrayList<>();
                js.fetch("demo.stored.>", "demo", 10, 5000).forEach(msg -> fetched.add(msg.text()));
                require(fetched.equals(List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")), "fetched " + fetched);
                System.out.println("fetched and acknowledged " + fetched.size() + " messages");

                try (NatsRs.KeyValue kv = js.createBucket("demo")) {
                    kv.put("color", "blue");
                    kv.put("color", "green");
                    var entry = kv.get("color");
                    System.out.println("color is " + entry.getKey() + ", revision " + entry.getValue());
                }
            }

            System.out.println("restart the server");
            System.in.read();
            require(reconnected.await(30, TimeUnit.SECONDS), "no connection after the restart");
            System.out.println("connected again, the answer is " + nc.request("demo.question", "?", 5000).text());
        }
        System.out.println("ended");
    }

    /** A connection whose callbacks run without a pause: each one publishes the next message. */
    private static NatsRs.Connection busy(String url, IntConsumer callback) {
        NatsRs.Connection nc = new NatsRs.Connection(url, () -> {});
        AtomicInteger count = new AtomicInteger();
        nc.subscribe("demo.busy", msg -> {
            nc.publish(msg.subject, msg.data);
            callback.accept(count.incrementAndGet());
        });
        for (int i = 0; i < 20; i++) {
            nc.publish("demo.busy", "again");
        }
        return nc;
    }

    private static void leave() {
        System.out.println("leaving");
        System.exit(3);
    }

    /** The program just ends, with no clean-up, while callbacks run. */
    private static void exit(String url) throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        busy(url, count -> {
            if (count == 1000) {
                running.countDown();
            }
        });
        require(running.await(10, TimeUnit.SECONDS), "no messages");
        leave();
    }

    private static void exitInCallback(String url) throws InterruptedException {
        busy(url, count -> {
            if (count == 1000) {
                leave();
            }
        });
        new CountDownLatch(1).await();
    }

    private static void errorInCallback(String url) throws InterruptedException {
        AtomicInteger failures = new AtomicInteger();
        NatsRs.onCallbackError = error -> {
            if (error instanceof IllegalStateException) {
                failures.incrementAndGet();
            }
        };
        CountDownLatch done = new CountDownLatch(1);
        NatsRs.Connection nc = busy(url, count -> {
            if (count == 1000) {
                done.countDown();
            }
            throw new IllegalStateException("as it should be");
        });
        require(done.await(10, TimeUnit.SECONDS), "no messages");
        nc.close();
        require(failures.get() >= 1000, "exceptions were lost");
        System.out.println("callbacks went on after errors");
    }

    public static void main(String[] args) throws Exception {
        String what = args.length > 1 ? args[1] : "all";
        switch (what) {
            case "all" -> everything(args[0]);
            case "exit" -> exit(args[0]);
            case "exit-in-callback" -> exitInCallback(args[0]);
            case "error-in-callback" -> errorInCallback(args[0]);
            case "sizes" -> NatsRs.printSizes();
            default -> throw new IllegalArgumentException(what);
        }
    }
}
