// Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.
//
// run: mcs -out:demo.exe Demo.cs NatsRs.cs Native.cs && LD_LIBRARY_PATH=/usr/local/lib mono demo.exe URL
//      [all|exit|exit-in-callback|error-in-callback]

using System;
using System.Collections.Concurrent;
using System.Threading;
using NatsRs;

static class Demo
{
    const int Messages = 1000;

    static void Require(bool condition, string what)
    {
        if (!condition)
            throw new Exception(what);
    }

    static void Everything(string url)
    {
        var reconnected = new ManualResetEventSlim();
        using (var nc = new Connection(url, reconnected.Set))
        {
            Console.WriteLine("connected");

            var numbers = new BlockingCollection<int>();
            Subscription sub = nc.Subscribe("demo.numbers", msg => numbers.Add(int.Parse(msg.Text)));
            for (int number = 0; number < Messages; number++)
                nc.Publish("demo.numbers", number.ToString());
            for (int number = 0; number < Messages; number++)
            {
                int got;
                Require(numbers.TryTake(out got, 10000) && got == number, got + " in the place of " + number);
            }
            Console.WriteLine("received " + Messages + " messages in order");
            sub.Drain();

            nc.Subscribe("demo.question", msg => nc.Publish(msg.Reply, "42"));
            Console.WriteLine("the answer is " + nc.Request("demo.question", "?").Text);
            try
            {
                nc.Request("demo.nobody", "?");
            }
            catch (NatsException e)
            {
                Console.WriteLine("refused: " + e.Message.Split(':')[0]);
            }

            using (JetStream js = nc.JetStream())
            {
                js.AddStream("DEMO", "demo.stored.>");
                ulong sequence = 0;
                for (int number = 0; number < 10; number++)
                    sequence = js.Publish("demo.stored.it", number.ToString());
                Console.WriteLine("stored " + sequence + " messages");
                var fetched = js.Fetch("demo.stored.>", "demo", 10);
                for (int number = 0; number < fetched.Count; number++)
                    Require(fetched[number].Text == number.ToString(), "fetched " + fetched[number].Text);
                Console.WriteLine("fetched and acknowledged " + fetched.Count + " messages");

                using (KeyValue kv = js.CreateBucket("demo"))
                {
                    ulong revision;
                    kv.Put("color", "blue");
                    kv.Put("color", "green");
                    Console.WriteLine("color is " + kv.Get("color", out revision) + ", revision " + revision);
                }
            }

            Console.WriteLine("restart the server");
            Console.ReadLine();
            Require(reconnected.Wait(30000), "no connection after the restart");
            Console.WriteLine("connected again, the answer is " + nc.Request("demo.question", "?").Text);
        }
        Console.WriteLine("ended");
    }

    /// <summary>A connection whose callbacks run without a pause: each one publishes the next message.</summary>
    static Connection Busy(string url, Action<int> callback)
    {
        var nc = new Connection(url);
        int count = 0;
        nc.Subscribe("demo.busy", msg =>
        {
            nc.Publish(msg.Subject, msg.Data);
            callback(Interlocked.Increment(ref count));
        });
        for (int i = 0; i < 20; i++)
            nc.Publish("demo.busy", "again");
        return nc;
    }

    /// <summary>The program just ends, with no clean-up, while callbacks run.</summary>
    static void Exit(string url)
    {
        var running = new ManualResetEventSlim();
        Busy(url, count => { if (count == 1000) running.Set(); });
        Require(running.Wait(10000), "no messages");
        Console.WriteLine("leaving");
        Environment.ExitCode = 3;
    }

    static void ExitInCallback(string url)
    {
        Busy(url, count =>
        {
            if (count == 1000)
            {
                Console.WriteLine("leaving");
                Library.Exit(3);
            }
        });
        Thread.Sleep(Timeout.Infinite);
    }

    static void ErrorInCallback(string url)
    {
        int failures = 0;
        Library.OnCallbackError = error =>
        {
            if (error is InvalidOperationException)
                Interlocked.Increment(ref failures);
        };
        var done = new ManualResetEventSlim();
        Connection nc = Busy(url, count =>
        {
            if (count == 1000)
                done.Set();
            throw new InvalidOperationException("as it should be");
        });
        Require(done.Wait(10000), "no messages");
        nc.Dispose();
        Require(failures >= 1000, "exceptions were lost");
        Console.WriteLine("callbacks went on after errors");
    }

    static void Main(string[] args)
    {
        switch (args.Length > 1 ? args[1] : "all")
        {
            case "all": Everything(args[0]); break;
            case "exit": Exit(args[0]); break;
            case "exit-in-callback": ExitInCallback(args[0]); break;
            case "error-in-callback": ErrorInCallback(args[0]); break;
            case "sizes": Sizes.Print(); break;
        }
    }
}
