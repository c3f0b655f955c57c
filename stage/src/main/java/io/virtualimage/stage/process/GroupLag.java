package io.virtualimage.stage.process;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.virtualimage.topics.WorkGroup;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many tasks of a group nobody has done yet, by the broker's account (KIP-1226), which knows it of the group as a
 * whole: every replica says the same. Not a number while the broker can't be asked.
 */
final class GroupLag implements Chore {
    private static final Logger LOG = LoggerFactory.getLogger(GroupLag.class);
    private static final long PATIENCE_MS = 10_000;

    private final Admin admin;
    private final String groupId;
    private volatile double tasks = Double.NaN;

    GroupLag(Admin admin, WorkGroup group, MeterRegistry registry) {
        this.admin = admin;
        this.groupId = group.groupId();
        Gauge.builder("virtualimage.group.lag", this, lag -> lag.tasks)
                .description("Tasks of the whole group that are not done, those being worked on included")
                .tag("group", groupId)
                .register(registry);
    }

    @Override
    public void run() throws InterruptedException {
        try {
            tasks = lag();
        } catch (ExecutionException | TimeoutException | KafkaException e) {
            tasks = Double.NaN;
            LOG.atWarn()
                    .addKeyValue("group", groupId)
                    .addKeyValue("reason", e.getMessage())
                    .log("the lag of a group can't be told");
        }
    }

    private long lag() throws ExecutionException, TimeoutException, InterruptedException {
        Map<TopicPartition, SharePartitionOffsetInfo> known =
                answer(admin.listShareGroupOffsets(Map.of(groupId, new ListShareGroupOffsetsSpec()))
                        .partitionsToOffsetInfo(groupId));
        long tasks = 0;
        for (Map.Entry<TopicPartition, SharePartitionOffsetInfo> each : known.entrySet()) {
            Optional<Long> lag = Optional.ofNullable(each.getValue()).flatMap(SharePartitionOffsetInfo::lag);
            tasks += lag.isPresent() ? lag.get() : records(each.getKey());
        }
        return tasks;
    }

    /** All that there is: the broker has no account of a partition before a first task was done. */
    private long records(TopicPartition partition) throws ExecutionException, TimeoutException, InterruptedException {
        long begin = offset(partition, OffsetSpec.earliest());
        return offset(partition, OffsetSpec.latest()) - begin;
    }

    private long offset(TopicPartition partition, OffsetSpec which)
            throws ExecutionException, TimeoutException, InterruptedException {
        return answer(admin.listOffsets(Map.of(partition, which)).partitionResult(partition))
                .offset();
    }

    private static <T> T answer(KafkaFuture<T> future)
            throws ExecutionException, TimeoutException, InterruptedException {
        return future.get(PATIENCE_MS, TimeUnit.MILLISECONDS);
    }
}
