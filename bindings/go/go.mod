module nats_rs_demo

go 1.18
