DROP TABLE service_calls;
DROP TABLE spans;
