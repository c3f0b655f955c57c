package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class WorkerPoolIT {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerPoolIT.class);
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private PipelineKafka kafka;

    private final Incarnation image =
            new Incarnation("default", "ubuntu", UUID.randomUUID().toString(), 1, 0);

    @BeforeEach
    void start() throws Exception {
        kafka = PipelineKafka.start(directory);
    }

    @AfterEach
    void stop() {
        kafka.close();
    }

    /** A delivery as a worker saw it. */
    private record Taken(String id, int deliveryCount, long atNanos) {}

    /** Notes what it is given, works for as long as it is told to, and notes how that ended. */
    private static final class NotingWorker implements Worker {
        final List<Taken> taken = Collections.synchronizedList(new ArrayList<>());
        final List<String> ended = Collections.synchronizedList(new ArrayList<>());
        private final Duration work;

        NotingWorker(Duration work) {
            this.work = work;
        }

        @Override
        public void run(Task task, TaskContext context)
                throws TaskAbandonedException, AnnouncementException, InterruptedException {
            taken.add(new Taken(task.id().value(), context.deliveryCount(), System.nanoTime()));
            String end = "broke";
            try {
                long deadline = System.nanoTime() + work.toNanos();
                while (System.nanoTime() < deadline) {
                    context.checkpoint();
                    boolean ignored = new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS);
                }
                context.announce(new Event.StagingCleaned(task.image(), null));
                end = "done";
            } catch (InterruptedException e) {
                end = "interrupted";
                throw e;
            } catch (TaskAbandonedException e) {
                end = "abandoned";
                throw e;
            } finally {
                ended.add(end);
            }
        }
    }

    @Test
    void everyTaskIsDoneOnceBySomebody() throws Exception {
        NotingWorker one = new NotingWorker(Duration.ZERO);
        NotingWorker two = new NotingWorker(Duration.ZERO);
        try (StageRuntime first = kafka.open("one");
                StageRuntime second = kafka.open("two")) {
            first.work(WorkGroup.FETCH_TASKS, 4, one);
            second.work(WorkGroup.FETCH_TASKS, 4, two);
            await().atMost(SOON)
                    .until(() -> first.lacking().isEmpty() && second.lacking().isEmpty());
            kafka.say(task(0));
            await().atMost(SOON).until(() -> one.ended.size() + two.ended.size() == 1);
            long begun = System.nanoTime();
            for (int i = 1; i < 400; i++) {
                kafka.say(task(new Incarnation("default", "u", "uid-" + i, 1, 0), i));
            }
            await().atMost(SOON).until(() -> one.ended.size() + two.ended.size() == 400);
            note("399 empty tasks by 8 workers, ms", begun);
            List<String> ids = new ArrayList<>(one.taken.stream().map(Taken::id).toList());
            ids.addAll(two.taken.stream().map(Taken::id).toList());
            assertThat(ids).hasSize(400).doesNotHaveDuplicates();
            assertThat(one.taken).isNotEmpty();
            assertThat(two.taken).isNotEmpty();
        }
    }

    @Test
    void allWorkersWorkOnOneImage() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(8);
        Worker worker = (task, context) -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            all.countDown();
            boolean ignored = all.await(20, TimeUnit.SECONDS);
            now.decrementAndGet();
        };
        try (StageRuntime first = kafka.open("one");
                StageRuntime second = kafka.open("two")) {
            first.work(WorkGroup.FETCH_TASKS, 4, worker);
            second.work(WorkGroup.FETCH_TASKS, 4, worker);
            for (int i = 0; i < 8; i++) {
                kafka.say(task(i));
            }
            assertThat(all.await(SOON.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
            assertThat(most).hasValue(8);
        }
    }

    @Test
    void aTaskThatTakesLongerThanItsLockIsDeliveredOnce() throws Exception {
        NotingWorker one = new NotingWorker(Duration.ofSeconds(40));
        NotingWorker two = new NotingWorker(Duration.ofSeconds(40));
        try (StageRuntime first = kafka.open("one");
                StageRuntime second = kafka.open("two")) {
            first.work(WorkGroup.FETCH_TASKS, 2, one);
            second.work(WorkGroup.FETCH_TASKS, 2, two);
            kafka.say(task(1));
            await().atMost(Duration.ofMinutes(2)).until(() -> one.ended.size() + two.ended.size() == 1);
        }
        assertThat(one.taken.size() + two.taken.size()).isOne();
        List<Event> said = kafka.events(Topic.PROGRESS, image.uid());
        assertThat(said.getLast()).isInstanceOf(Event.StagingCleaned.class);
        assertThat(said).filteredOn(Event.TaskHeartbeat.class::isInstance).hasSizeBetween(6, 8);

        // It was acknowledged, too: nobody is given it once more.
        NotingWorker later = new NotingWorker(Duration.ZERO);
        try (StageRuntime third = kafka.open("three")) {
            third.work(WorkGroup.FETCH_TASKS, 1, later);
            kafka.say(task(2));
            await().atMost(SOON).until(() -> later.ended.size() == 1);
            assertThat(later.taken).extracting(Taken::id).containsExactly("CleanStaging/2");
        }
    }

    @Test
    void aKilledWorkersTaskGoesToAnotherAtOnce() throws Exception {
        NotingWorker other = new NotingWorker(Duration.ZERO);
        Process taker = taker("killed");
        try (BufferedReader said = taker.inputReader(StandardCharsets.UTF_8);
                StageRuntime runtime = kafka.open("other")) {
            kafka.say(task(1));
            assertThat(firstWord(said)).isEqualTo("took CleanStaging/1 1");
            runtime.work(WorkGroup.FETCH_TASKS, 1, other);
            await().atMost(SOON).until(() -> runtime.lacking().isEmpty());
            assertThat(other.taken).isEmpty();

            long killed = System.nanoTime();
            taker.destroyForcibly();
            await().atMost(Duration.ofMinutes(2)).until(() -> other.taken.size() == 1);
            LOG.atInfo()
                    .addKeyValue("ms", (other.taken.getFirst().atNanos() - killed) / 1_000_000)
                    .log("from SIGKILL to redelivery");
            assertThat(other.taken.getFirst().deliveryCount()).isEqualTo(2);
        } finally {
            taker.destroyForcibly();
        }
    }

    @Test
    void aProcessThatIsAskedToEndGivesItsTaskBackAndEnds() throws Exception {
        NotingWorker other = new NotingWorker(Duration.ZERO);
        Process taker = taker("terminated");
        try (BufferedReader said = taker.inputReader(StandardCharsets.UTF_8);
                StageRuntime runtime = kafka.open("other")) {
            kafka.say(task(1));
            assertThat(firstWord(said)).isEqualTo("took CleanStaging/1 1");
            runtime.work(WorkGroup.FETCH_TASKS, 1, other);
            await().atMost(SOON).until(() -> runtime.lacking().isEmpty());

            long asked = System.nanoTime();
            taker.destroy();
            assertThat(taker.waitFor(20, TimeUnit.SECONDS)).isTrue();
            note("ended after SIGTERM", asked);
            await().atMost(SOON).until(() -> other.taken.size() == 1);
        } finally {
            taker.destroyForcibly();
        }
    }

    @Test
    void aPausedWorkersTaskGoesToAnotherWhenTheLockRunsOut() throws Exception {
        NotingWorker other = new NotingWorker(Duration.ZERO);
        Process taker = taker("paused");
        try (BufferedReader said = taker.inputReader(StandardCharsets.UTF_8);
                StageRuntime runtime = kafka.open("other")) {
            kafka.say(task(1));
            assertThat(firstWord(said)).isEqualTo("took CleanStaging/1 1");
            runtime.work(WorkGroup.FETCH_TASKS, 1, other);
            await().atMost(SOON).until(() -> runtime.lacking().isEmpty());

            long paused = System.nanoTime();
            signal(taker, "-STOP");
            await().atMost(Duration.ofMinutes(1)).until(() -> other.taken.size() == 1);
            LOG.atInfo()
                    .addKeyValue("ms", (other.taken.getFirst().atNanos() - paused) / 1_000_000)
                    .log("from SIGSTOP to redelivery");
            assertThat(other.taken.getFirst().deliveryCount()).isEqualTo(2);
            await().atMost(SOON).until(() -> other.ended.size() == 1);
            signal(taker, "-CONT");
            // It learns that the lock is lost, and takes tasks again.
            kafka.say(task(2));
            await().atMost(SOON).until(() -> other.taken.size() == 2 || said.ready());
        } finally {
            taker.destroyForcibly();
        }
    }

    @Test
    void closingGivesBackWhatIsNotDone() throws Exception {
        NotingWorker one = new NotingWorker(Duration.ofMinutes(5));
        NotingWorker two = new NotingWorker(Duration.ZERO);
        try (StageRuntime second = kafka.open("two")) {
            long begun;
            try (StageRuntime first = kafka.open("one")) {
                first.work(WorkGroup.FETCH_TASKS, 2, one);
                kafka.say(task(1));
                await().atMost(SOON).until(() -> one.taken.size() == 1);
                second.work(WorkGroup.FETCH_TASKS, 2, two);
                await().atMost(SOON).until(() -> second.lacking().isEmpty());
                begun = System.nanoTime();
            }
            note("a runtime with a task closed, ms", begun);
            await().atMost(SOON).until(() -> two.taken.size() == 1);
            LOG.atInfo()
                    .addKeyValue("ms", (two.taken.getFirst().atNanos() - begun) / 1_000_000)
                    .log("from close to redelivery");
            assertThat(one.ended).containsExactly("interrupted");
        }
    }

    @Test
    void whatIsNoTaskIsBuriedAndAcknowledged() throws Exception {
        NotingWorker one = new NotingWorker(Duration.ZERO);
        try (StageRuntime first = kafka.open("one")) {
            first.work(WorkGroup.FETCH_TASKS, 1, one);
            kafka.send(Topic.FETCH_TASKS, image.uid(), "hello".getBytes(StandardCharsets.UTF_8));
            kafka.say(task(1));
            await().atMost(SOON).until(() -> one.ended.size() == 1);
            await().atMost(SOON).until(() -> kafka.records(Topic.DEAD_LETTERS).size() == 1);
            assertThat(new String(kafka.records(Topic.DEAD_LETTERS).getFirst().value(), StandardCharsets.UTF_8))
                    .contains("virtualimage.fetch-tasks", "hello");
        }
    }

    @Test
    void aWorkerThatBreaksKeepsThePoolGoing() throws Exception {
        List<String> taken = Collections.synchronizedList(new ArrayList<>());
        try (StageRuntime first = kafka.open("one")) {
            first.work(WorkGroup.FETCH_TASKS, 1, (task, context) -> {
                taken.add(task.id().value());
                if (task.epoch() == 1) {
                    throw new OutOfMemoryError("as if");
                }
            });
            kafka.say(task(1));
            kafka.say(task(2));
            await().atMost(SOON).until(() -> taken.size() == 2);
            await().atMost(SOON)
                    .until(() -> kafka.events(Topic.PROGRESS, image.uid()).stream()
                            .anyMatch(Event.TaskDeferred.class::isInstance));
        }
    }

    private Task task(int number) {
        return task(image, number);
    }

    private static Task task(Incarnation image, int number) {
        return new Task.CleanStaging(new Task.Header(image, number, new Position(0, 0), 1), false);
    }

    private Process taker(String replica) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        classPath,
                        TaskTaker.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(kafka.environment(replica));
        return builder.start();
    }

    private static String firstWord(BufferedReader said) {
        try {
            return String.valueOf(said.readLine());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void signal(Process process, String signal) throws Exception {
        int exit = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                .start()
                .waitFor();
        assertThat(exit).isZero();
    }

    private static void note(String what, long sinceNanos) {
        LOG.atInfo()
                .addKeyValue("ms", (System.nanoTime() - sinceNanos) / 1_000_000)
                .log(what);
    }
}
