package io.virtualimage.sandbox.simulator;

/** What a run, or many, came to. */
final class Counts {
    long runs;
    long steps;
    long simulatedMillis;
    long crashes;
    long pauses;
    long redeliveries;
    long archived;
    long faults;
    long thefts;
    long ready;
    long failed;
    long deleted;
    long superseded;
    long waited;
    long sourceBytes;

    void add(Counts other) {
        runs += other.runs;
        steps += other.steps;
        simulatedMillis += other.simulatedMillis;
        crashes += other.crashes;
        pauses += other.pauses;
        redeliveries += other.redeliveries;
        archived += other.archived;
        faults += other.faults;
        thefts += other.thefts;
        ready += other.ready;
        failed += other.failed;
        deleted += other.deleted;
        superseded += other.superseded;
        waited += other.waited;
        sourceBytes += other.sourceBytes;
    }

    @Override
    public String toString() {
        return ("%,d runs, %,d steps, %,d s simulated; %,d crashes, %,d pauses, %,d redeliveries (%d dropped), %,d other"
                        + " faults, %,d thefts; images: %,d ready, %,d failed, %,d deleted (%,d when no machine used them any more), %,d superseded; %,d bytes read at sources")
                .formatted(
                        runs,
                        steps,
                        simulatedMillis / 1000,
                        crashes,
                        pauses,
                        redeliveries,
                        archived,
                        faults,
                        thefts,
                        ready,
                        failed,
                        deleted,
                        waited,
                        superseded,
                        sourceBytes);
    }
}
