package io.virtualimage.stage.process;

import io.micrometer.core.instrument.MeterRegistry;
import io.virtualimage.topics.WorkGroup;
import java.time.Duration;
import org.apache.kafka.clients.admin.Admin;

/** Has the lags of the groups that this replica works for looked up, now and then. */
final class GroupLags implements AutoCloseable {
    private final Admin admin;
    private final MeterRegistry registry;
    private final Duration interval;
    private final Chores chores = new Chores();

    /** @param admin closed with this */
    GroupLags(Admin admin, MeterRegistry registry, Duration interval) {
        this.admin = admin;
        this.registry = registry;
        this.interval = interval;
    }

    void watch(WorkGroup group) {
        chores.every(interval, "lag of " + group.groupId(), new GroupLag(admin, group, registry));
    }

    @Override
    public void close() {
        chores.close();
        admin.close();
    }
}
