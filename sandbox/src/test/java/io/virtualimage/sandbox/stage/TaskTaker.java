package io.virtualimage.sandbox.stage;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.WorkGroup;
import java.util.concurrent.CountDownLatch;

/** A process that takes one task, says so, and never comes to an end with it. */
final class TaskTaker {
    private TaskTaker() {}

    public static void main(String[] arguments) throws InterruptedException {
        try (StageRuntime runtime = StageRuntime.open("taker", new Settings(System.getenv()))) {
            runtime.work(WorkGroup.FETCH_TASKS, 1, new Worker() {
                @Override
                public void run(Task task, TaskContext context) throws InterruptedException {
                    System.out.println("took " + task.id() + " " + context.deliveryCount());
                    new CountDownLatch(1).await();
                }
            });
            runtime.await();
        }
    }
}
