package io.virtualimage.stage.process;

import io.virtualimage.stage.work.TaskRunner;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** One task on a thread of its own. */
final class Work {
    private static final Logger LOG = LoggerFactory.getLogger(Work.class);

    private final Task task;
    private final TaskRunner.Running running;
    private final Runnable atEnd;
    private final Thread thread;

    private volatile boolean acknowledged;
    private volatile boolean done;

    /**
     * @param prepare makes what is to be run from what acknowledges it
     * @param atEnd called when the work has ended, on its thread
     */
    Work(Task task, Function<Runnable, TaskRunner.Running> prepare, Runnable atEnd) {
        this.task = task;
        this.running = prepare.apply(() -> acknowledged = true);
        this.atEnd = atEnd;
        this.thread = Thread.ofPlatform().daemon().name("work-" + task.id()).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        Incarnation image = task.image();
        // The thread ends with the task, so nothing is left behind.
        MDC.put("namespace", image.namespace());
        MDC.put("name", image.name());
        MDC.put("uid", image.uid());
        MDC.put("generation", Long.toString(image.generation()));
        MDC.put("task", task.id().value());
        try {
            boolean ignored = running.run();
        } catch (InterruptedException e) {
            LOG.atInfo().log("the work was interrupted");
        } catch (Throwable e) {
            // The last place where an OutOfMemoryError may be seen: the task is given back, the process lives on.
            LOG.atError().setCause(e).log("the work broke");
        } finally {
            done = true;
            atEnd.run();
        }
    }

    Task task() {
        return task;
    }

    TaskRunner.Running running() {
        return running;
    }

    boolean done() {
        return done;
    }

    /** Whether the work said that the task is done with; to be asked when it has ended. */
    boolean acknowledged() {
        return acknowledged;
    }

    void interrupt() {
        thread.interrupt();
    }

    /** Somebody else may have the task: it must leave no more effects. */
    void revoke() {
        running.revoke();
        thread.interrupt();
    }

    /** Returns whether it has ended. */
    boolean awaitEnd(Duration atMost) {
        try {
            return thread.join(atMost);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
