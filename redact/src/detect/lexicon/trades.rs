//! More words that begin with a capital in logs and are no names of people: products, places, words of several trades.

pub(super) const COMMON: &str = "
journey loyalty insights lifetime experience satisfaction churn survey engagement intelligence relations
copyright licence license character letter tone copyrighted corp inc gmbh llc plc alpha beta gamma delta epsilon omega theta prime nano mega giga
iceberg bluesky maelstrom bunyan mcafee chosen geneva nova parquet avro orc presto trino hudi dremio snowflake databricks
tableau splunk datadog dynatrace sentry zabbix nagios graylog fluentd logstash kibana beats filebeat metricbeat loki tempo mimir
thanos cortex jaeger zipkin opentelemetry otel telegraf influx timescale clickhouse druid pinot cockroach yugabyte vitess
cassandra scylla couchbase neo memcached hazelcast ignite infinispan rocksdb badger minio ceph gluster rook longhorn velero
calico cilium flannel weave traefik haproxy kong caddy tomcat jetty undertow netty wildfly jboss glassfish weblogic websphere
hikari hibernate jackson gson lombok mybatis quartz camel akka vertx quarkus micronaut dropwizard junit mockito selenium cypress
playwright puppeteer webpack vite babel eslint prettier yarn pnpm deno bun express nest next nuxt svelte ember sinatra rack puma
unicorn gunicorn uvicorn celery sidekiq resque symfony composer artisan yii codeigniter tornado bottle fastapi pydantic numpy
pandas scipy keras pytorch tensorflow triton whisper llama mistral gemini claude copilot openai anthropic
chromium edge opera brave webkit gecko trident blink safari electron chromebook pixel galaxy iphone ipad macbook
xiaomi huawei honor oneplus nokia motorola lenovo thinkpad latitude inspiron proliant poweredge
hyper vmware vsphere esxi proxmox xen kvm qemu virtualbox vagrant packer chef puppet salt foreman cloudfront lightsail fargate
aurora dynamo redshift athena glue kinesis cognito route53 greengrass sagemaker bedrock firebase firestore spanner bigtable
bigquery dataflow anthos cosmos synapse sentinel entra intune defender bitlocker
cold hot warm tier tiers lukewarm bot bots renovate dependabot benz fargo numbat widget gadget acme contoso northwind initech globex
abstract adapter aggregator allocator annotation appender argument assembly backlog backoff backpressure balancing barrier
baseline benchmark binder bitmap blob bloom bootstrap bound breaker buffers burst calendar callable canary candidate capture
cascade census chain checker checkpoint checkpoints choice classic classifier clone closure coder cohort commands compact
compaction comparator compliance concurrency conductor configurator consumers contract converter coordinator cores cursor
cutover datagram datasource dataset decision decorator delegate deletion descriptor deserializer detector differential
dimension dispatcher distribution documents donut dump emitter emulator entropy enumerator envelope epoch estimator evaluator
eviction exchanger executors expiration extractor fabric facade fanout fence fetcher fiber firehose fleet flusher forest
forecast formatter fragment garbage gauge generation gesture gossip governor gradient grain granted guardian hazard hedge
hierarchy histogram hook hooks importer impression inference ingest ingestion initializer injector insight inspector
instances instrumentation interceptor interpreter invocation invoker iterator kernel keyspace keystore latch launch
launcher lineage linker listings loader locale locker logic logical loopback maintainers makefile manifest marker marshaller
materialized matcher measure mediator merger meter meters microservice midnight mixer modifier monitors multiplexer
navigator negotiation notifications numerical observer offset onboarding optimizer orchestrator outbox outage outlier
overview parameters passenger payloads perimeter permit pilot pinned pixel placement planning playback playbook plugins
pods pointcut poller pooled populate posting preflight premium presenter preview probe probes procedure processing
projection prometheus promotion propagation proposal prototype provision pulse puller pusher quantile quarantine rack raft
readiness rebalancer recorder rectangle reducer refresher registrar regression remediation renderer replicator
requestor resharding resilience retriever rewriter rotator rulebook runbook sampler scaler scavenger schedules scraper
selection selector sequencer serializer settlement shuffle sidecar simulator singleton sink sinks slider snapshotting
sniffer spawner specification spool sprint stack starter statement statistic stopwatch stub subnet subsystem sweep
synchronizer synthetic tagger telemetry tenants ticker timeline timer tombstone tracer trainer transformer transmitter
traversal triage trimmer truststore tuner twin unpacker uploader validators vacuum vertex viewer visitor volumes voting
watcher watermark webhooks wizard wrapper writers yield zombie
assembled attached authenticated authorised bundled cancelling chosen cleared committed compressed concluded conducted
crawled dead debugged declared decoupled decrypted degrading deleted demoted detached displayed downloaded elected
emitted encrypted evaluated exceeding exchanged excluded exhausting exported extracted fetched flushed frozen granting
halted importing included indexed inferred ingested initialised injected interrupting introduced invoked joining
kept lagging listed loaded marked materialised measured mined monitored mounted multiplied notified opened orphaned
overdue overridden patched peeked pinned polled preempted promoted propagated pulled pushed quarantined reassigned
reattached rebooting recalculated reconciled recycled redelivered reindexed reloaded relocated remounted renewed
replayed requeued rescheduled resent resubmitted revoked rolled rotated scraped serialized shed signed skewed slowed
spilled spawned staged stalled stamped steady subscribed suppressed swept synchronised tagged tainted throttled
toggled tripped tuned unblocked unlocked unpinned unsubscribed vacuumed validated warmed watched withdrawn yielded
";
