-- Connects, publishes, subscribes, requests, uses JetStream and a key-value bucket, and survives a restart of the server.
--
-- run: NATS_RS_LIBRARY=/usr/local/lib/libnats_rs.so.0 luajit demo.lua URL [all|exit|exit-in-callback|error-in-callback]

package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local nats = require("nats_rs")

local MESSAGES = 1000
io.stdout:setvbuf("line")

local function everything(url)
    local reconnected = false
    local nc = nats.connect(url, function()
        reconnected = true
    end)
    print("connected")

    local received = 0
    local subscription = nc:subscribe("demo.numbers", function(msg)
        assert(tonumber(msg.data) == received, "out of order")
        received = received + 1
    end)
    for number = 0, MESSAGES - 1 do
        nc:publish("demo.numbers", tostring(number))
    end
    nc:until_("messages", function()
        return received == MESSAGES
    end)
    print("received " .. received .. " messages in order")
    nc:drain(subscription)

    nc:subscribe("demo.question", function(msg)
        nc:publish(msg.reply, "42")
    end)
    print("the answer is " .. nc:request("demo.question", "?").data)
    local _, err = pcall(nc.request, nc, "demo.nobody", "?")
    print("refused: " .. err)

    local js = nc:jetstream()
    js:add_stream("DEMO", { "demo.stored.>" })
    local sequence
    for number = 0, 9 do
        sequence = js:publish("demo.stored.it", tostring(number))
    end
    print("stored " .. sequence .. " messages")
    local fetched = js:fetch("demo.stored.>", "demo", 10)
    for i, msg in ipairs(fetched) do
        assert(tonumber(msg.data) == i - 1)
    end
    print("fetched and acknowledged " .. #fetched .. " messages")

    local kv = js:create_bucket("demo")
    kv:put("color", "blue")
    kv:put("color", "green")
    local value, revision = kv:get("color")
    print("color is " .. value .. ", revision " .. revision)
    kv:close()
    js:close()

    print("restart the server")
    io.read()
    nc:until_("reconnection", function()
        return reconnected
    end, 30)
    print("connected again, the answer is " .. nc:request("demo.question", "?").data)
    nc:close()
    print("ended")
end

-- A connection that is never without a message: each callback publishes the next one.
local function busy(url, callback)
    local nc = nats.connect(url)
    local count = 0
    nc:subscribe("demo.busy", function(msg)
        count = count + 1
        nc:publish(msg.subject, msg.data)
        callback(count)
    end)
    for _ = 1, 20 do
        nc:publish("demo.busy", "again")
    end
    return nc
end

local function leave()
    print("leaving")
    -- With true LuaJIT would free its state within the callback that runs on it.
    os.exit(3)
end

local programs = {
    all = everything,
    -- The program just ends, with no clean-up, while callbacks wait.
    exit = function(url)
        local done = false
        local nc = busy(url, function(count)
            done = count >= 1000
        end)
        nc:until_("messages", function()
            return done
        end)
        leave()
    end,
    ["exit-in-callback"] = function(url)
        busy(url, function(count)
            if count == 1000 then
                leave()
            end
        end):until_("exit", function() end)
    end,
    ["error-in-callback"] = function(url)
        local failures, done = 0, false
        nats.on_callback_error = function(err)
            if err == "as it should be" then -- publishing fails too, once the connection drains
                failures = failures + 1
            end
        end
        local nc = busy(url, function(count)
            done = count >= 1000
            error("as it should be", 0)
        end)
        nc:until_("messages", function()
            return done
        end)
        nc:close()
        assert(failures >= 1000)
        print("callbacks went on after errors")
    end,
    sizes = function()
        print(table.concat(nats.sizes(), "\n"))
    end,
}

programs[arg[2] or "all"](arg[1])
