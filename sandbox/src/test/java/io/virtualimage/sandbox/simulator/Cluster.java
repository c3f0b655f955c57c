package io.virtualimage.sandbox.simulator;

import io.virtualimage.converter.ConvertFold;
import io.virtualimage.converter.ConvertPorts;
import io.virtualimage.converter.ConvertWorker;
import io.virtualimage.fetcher.FetchFold;
import io.virtualimage.fetcher.StagingSweeper;
import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.SourceResolver;
import io.virtualimage.fetcher.volume.VolumeReading;
import io.virtualimage.fetcher.work.FetchWorker;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.publisher.PublicNames;
import io.virtualimage.publisher.PublishFold;
import io.virtualimage.publisher.PublishPorts;
import io.virtualimage.publisher.PublishWorker;
import io.virtualimage.publisher.RegistryPlace;
import io.virtualimage.publisher.care.Agenda;
import io.virtualimage.publisher.care.Caretaker;
import io.virtualimage.publisher.care.Place;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.StageState;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.TaskRunner;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.statuswriter.Pace;
import io.virtualimage.statuswriter.StatusApplier;
import io.virtualimage.statuswriter.StatusFold;
import io.virtualimage.statuswriter.StatusState;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** All that runs, and what it stands on. */
final class Cluster {
    static final PublicNames NAMES = new PublicNames("registry.example", PublicNames.DEFAULT_PREFIX);

    private static final Duration SWEEP = Duration.ofSeconds(20);
    private static final Duration CHECK_INTERVAL = Duration.ofSeconds(20);
    private static final Duration CHECK_PAUSE = Duration.ofSeconds(1);
    private static final Duration WITHDRAWN_KEPT = Duration.ofHours(24);

    private final Scenario scenario;
    private final Dice dice;
    private final Faults faults;
    private final Counts counts;
    private final Saboteur saboteur;
    private final Broker broker;
    private final Map<String, SourceFile> web;
    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final InMemoryRegistry registry;
    private final KubeApi api;
    private final Machines machines;
    private final Truth truth;
    private final SimWatcher.Lease lease = new SimWatcher.Lease();
    private final Map<WorkGroup, ShareGroup> groups = new EnumMap<>(WorkGroup.class);
    private final FoldGroup<StageState> fetchFold;
    private final FoldGroup<StageState> convertFold;
    private final FoldGroup<StageState> publishFold;
    private final FoldGroup<StatusState> statusFold;
    private final ConsumerGroup appliers;
    private final List<Replica> replicas = new ArrayList<>();

    Cluster(
            Scheduler scheduler,
            Scenario scenario,
            Dice dice,
            Faults faults,
            Counts counts,
            Saboteur saboteur,
            Broker broker,
            Map<String, SourceFile> web,
            InMemoryRegistry registry,
            KubeApi api,
            Machines machines,
            Truth truth) {
        this.scenario = scenario;
        this.dice = dice;
        this.faults = faults;
        this.counts = counts;
        this.saboteur = saboteur;
        this.broker = broker;
        this.web = web;
        this.registry = registry;
        this.api = api;
        this.machines = machines;
        this.truth = truth;
        for (WorkGroup group : WorkGroup.values()) {
            ShareGroup share = new ShareGroup(scheduler, group, counts);
            groups.put(group, share);
            broker.feed(share);
        }
        fetchFold = new FoldGroup<>(
                new FetchFold(scenario.segmentBytes(), Scenario.RETRY_BUDGET, Scenario.UPLOAD_DEADLINE), broker, dice);
        convertFold = new FoldGroup<>(new ConvertFold(), broker, dice);
        publishFold = new FoldGroup<>(new PublishFold(), broker, dice);
        statusFold = new FoldGroup<>(new StatusFold(), broker, dice);
        appliers = new ConsumerGroup(Topic.STATUS, broker, dice);
        for (int i = 0; i < scenario.replicas(); i++) {
            replicas.add(new Replica(scheduler, "watcher-" + i, dice, this::startWatcher));
            replicas.add(new Replica(scheduler, "fetcher-" + i, dice, this::startFetcher));
            replicas.add(new Replica(scheduler, "converter-" + i, dice, this::startConverter));
            replicas.add(new Replica(scheduler, "publisher-" + i, dice, this::startPublisher));
            replicas.add(new Replica(scheduler, "status-" + i, dice, this::startStatusWriter));
        }
    }

    List<Replica> replicas() {
        return replicas;
    }

    InMemoryStagingStore staging() {
        return staging;
    }

    private Announcer announcer(SimProcess process) {
        return new SimAnnouncer(process, broker, faults);
    }

    private StagingStore staging(SimProcess process) {
        return saboteur.staging(new SimStaging(process, staging, faults));
    }

    private Ledger ledger(SimProcess process) {
        return saboteur.ledger(new RequestView(process, broker, dice));
    }

    private <S> void host(Replica replica, FoldGroup<S> group) {
        FoldHost.Observer<S> observer = new FoldHost.Observer<>() {
            @Override
            public void takenOver(S before, S now) {
                if (before instanceof StageState stage && now instanceof StageState taken) {
                    Cluster.this.takenOver(stage, taken);
                }
            }

            @Override
            public void late(Event event) {
                if (event instanceof Task task) {
                    interrupted(task, 1);
                }
            }
        };
        FoldHost<S> host = new FoldHost<>(replica.life(), broker, group, dice, saboteur, observer);
        replica.leaves(host::expire);
    }

    private void startWatcher(Replica replica) {
        SimProcess process = replica.life();
        new SimWatcher(
                process, broker, api, machines, lease, announcer(process), faults, saboteur, dice, WITHDRAWN_KEPT);
    }

    private void startFetcher(Replica replica) {
        SimProcess process = replica.life();
        host(replica, fetchFold);
        Ledger ledger = ledger(process);
        StagingStore store = staging(process);
        SourceResolver resolver = (image, source) -> new ResolvedSource.Http(((DataSource.Http) source).url(), null);
        SplittableRandom sessions = new SplittableRandom(dice.number());
        Worker worker = new FetchWorker(
                resolver,
                new SimSource(process, web, dice, counts),
                store,
                new SimFeeds(process, broker),
                new VolumeReading(new SimVolumes(), null, process.clock()),
                sessions);
        work(replica, WorkGroup.FETCH_TASKS, 2, worker, ledger);
        work(replica, WorkGroup.FETCH_STREAMS, 2, worker, ledger);
        StagingSweeper sweeper = new StagingSweeper(store, ledger);
        process.start("sweeper", () -> {
            while (true) {
                process.scheduler().await(null, SWEEP);
                try {
                    sweeper.sweep();
                } catch (Ledger.LedgerBehindException | StagingUnavailableException ignored) {
                    // Next time.
                }
            }
        });
    }

    private void startConverter(Replica replica) {
        SimProcess process = replica.life();
        host(replica, convertFold);
        Ledger ledger = ledger(process);
        Worker worker = new ConvertWorker(ConvertPorts.of(staging(process), new SimFeeds(process, broker)));
        work(replica, WorkGroup.CONVERT_TASKS, 1, worker, ledger);
        work(replica, WorkGroup.CONVERT_STREAMS, 1, worker, ledger);
    }

    private void startPublisher(Replica replica) {
        SimProcess process = replica.life();
        host(replica, publishFold);
        Ledger ledger = ledger(process);
        SimRegistry images = new SimRegistry(process, registry, faults, truth::tagged);
        PublishPorts ports = new PublishPorts(
                images,
                staging(process),
                new SimFeeds(process, broker),
                ledger,
                process.clock(),
                scenario.chunkBytes(),
                null);
        Worker worker = new PublishWorker(ports, NAMES);
        work(replica, WorkGroup.PUBLISH_TASKS, 1, worker, ledger);
        work(replica, WorkGroup.PUBLISH_STREAMS, 2, worker, ledger);
        lookAfter(process, saboteur.place(new RegistryPlace(images, NAMES)), ledger);
    }

    private void lookAfter(SimProcess process, Place place, Ledger ledger) {
        Agenda agenda = new Agenda(process.clock(), CHECK_INTERVAL);
        SimShare share = new SimShare(process, broker, dice, agenda);
        Caretaker caretaker = new Caretaker(agenda, share, ledger, announcer(process), place, null);
        process.start("care", () -> {
            while (true) {
                process.scheduler().await(null, CHECK_PAUSE);
                caretaker.work();
            }
        });
    }

    private void work(Replica replica, WorkGroup group, int members, Worker worker, Ledger ledger) {
        SimProcess process = replica.life();
        Announcer announcer = announcer(process);
        TaskRunner runner = new TaskRunner(process.name(), ledger, announcer, worker, process.clock());
        replica.owns(new WorkerPool(process, groups.get(group), members, runner, announcer, dice, saboteur));
    }

    private void startStatusWriter(Replica replica) {
        SimProcess process = replica.life();
        host(replica, statusFold);
        StatusApplier applier = new StatusApplier(
                saboteur.imageApi(new SimImageApi(process, api, faults)), Pace.UNLIMITED, process.clock());
        GroupConsumer consumer = new GroupConsumer(process, broker, appliers, applier, dice);
        replica.leaves(consumer::expire);
    }

    /**
     * A process is about to be stopped: what its workers read may be read again, and, if it plans the fetch, what others
     * are at; and zeros, of which nothing in the store tells that they were read.
     */
    void interrupted(Replica replica) {
        for (WorkerPool pool : replica.pools()) {
            pool.tasks().forEach(task -> interrupted(task, 1));
        }
        if (replica.name().startsWith("fetcher")) {
            groups.get(WorkGroup.FETCH_TASKS).tasks().forEach(task -> interrupted(task, 1));
            web.values().forEach(file -> file.interrupted(file.zeroSegments(scenario.segmentBytes())));
        }
    }

    private void interrupted(Task task, int segments) {
        if (task instanceof Task.FetchRange range && range.source() instanceof DataSource.Http http) {
            SourceFile file = web.get(http.url());
            if (file != null) {
                file.interrupted(segments);
            }
        }
    }

    /** A new host gives out again what it can't know to have arrived: in flight, all of it, or of zeros. */
    private void takenOver(StageState before, StageState after) {
        after.assignments().forEach((id, assignment) -> {
            if (id.startsWith("FetchRange/")
                    && !assignment.equals(before.assignments().get(id))) {
                String[] parts = id.split("/", -1);
                Incarnation image = after.facts().image();
                SegmentKey key = SegmentKey.source(image, Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
                if (staging.facts(key).isEmpty() && after.facts().wanted() != null) {
                    SourceFile file =
                            web.get(((DataSource.Http) after.facts().wanted().source()).url());
                    if (file != null) {
                        file.interrupted(1);
                    }
                }
            }
        });
    }

    /** What the folds believe of an image. */
    String beliefs(String uid) {
        StringBuilder text = new StringBuilder();
        for (FoldGroup<StageState> group : List.of(fetchFold, convertFold, publishFold)) {
            for (FoldHost<StageState> host : group.membership().members()) {
                for (StageState state : host.states()) {
                    if (state.facts().image().uid().equals(uid)) {
                        text.append("\n  ").append(group.fold().name()).append(": ");
                        text.append(brief(state.facts())).append(", ").append(state.assignments());
                    }
                }
            }
        }
        for (FoldHost<StatusState> host : statusFold.membership().members()) {
            for (StatusState state : host.states()) {
                if (state.facts().image().uid().equals(uid)) {
                    text.append("\n  status: ")
                            .append(brief(state.facts()))
                            .append(", said ")
                            .append(state.said());
                }
            }
        }
        return text.toString();
    }

    private static String brief(ImageFacts facts) {
        return "%s, %s%s, epoch %d: %s of %s%s%s, %s, converted %s, %s, %s, %s%s%s%s"
                .formatted(
                        facts.image().version(),
                        facts.request() == null
                                ? "not requested"
                                : facts.request().getClass().getSimpleName(),
                        facts.withdrawn() ? ", withdrawn" : "",
                        facts.source().epoch(),
                        facts.source().staged().present(),
                        facts.source().staged().lengthBytes(),
                        facts.source().verified() ? ", verified" : "",
                        facts.source().completed() ? ", completed" : "",
                        facts.currentDisk() == null ? "not inspected" : "inspected",
                        facts.currentConversion().completed(),
                        facts.currentLayer() == null ? "no layer" : "layer pushed",
                        facts.published() == null ? "not published" : "published",
                        facts.failed() == null ? "not failed" : facts.failed().reason(),
                        facts.straysPublished() ? ", strays published" : "",
                        facts.straysStaged() ? ", strays staged" : "",
                        facts.cleaned() ? ", cleaned" : "");
    }

    /** Tasks that are not done with. */
    int openTasks() {
        return groups.values().stream().mapToInt(ShareGroup::size).sum();
    }
}
