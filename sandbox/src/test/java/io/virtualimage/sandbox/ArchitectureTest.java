package io.virtualimage.sandbox;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** What may depend on what, and what must stay pure. */
class ArchitectureTest {
    private static final String ROOT = "io.virtualimage";

    /** The modules, by the first package below the root, and the other modules that each may see. */
    private static final Map<String, Set<String>> MAY_SEE = new TreeMap<>(Map.ofEntries(
            Map.entry("topics", Set.of()),
            Map.entry("k8s", Set.of()),
            Map.entry("oci", Set.of()),
            Map.entry("disk", Set.of()),
            Map.entry("volume", Set.of()),
            Map.entry("stage", Set.of("topics")),
            Map.entry("watcher", Set.of("topics", "stage", "k8s")),
            Map.entry("fetcher", Set.of("topics", "stage", "k8s", "oci", "disk")),
            Map.entry("converter", Set.of("topics", "stage", "disk")),
            Map.entry("publisher", Set.of("topics", "stage", "k8s", "oci", "disk")),
            Map.entry("statuswriter", Set.of("topics", "stage", "k8s")),
            Map.entry(
                    "sandbox",
                    Set.of(
                            "topics",
                            "k8s",
                            "oci",
                            "disk",
                            "volume",
                            "stage",
                            "watcher",
                            "fetcher",
                            "converter",
                            "publisher",
                            "statuswriter"))));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.matches(Pattern.compile(".*-tests\\.jar!.*")))
            .importPackages(ROOT);

    /** What decides, and leaves the doing to others. */
    private static final DescribedPredicate<JavaClass> DECIDERS = DescribedPredicate.describe(
            "decide purely",
            type -> type.getPackageName().startsWith(ROOT + ".stage.fold")
                    || type.getName().matches(".*(Fold|Planner|SpecReading|DependencyReading)(\\$.*)?"));

    /** Where the world's answers differ from call to call. */
    private static final Set<String> MOODS = Set.of(
            Instant.class.getName() + ".now",
            System.class.getName() + ".currentTimeMillis",
            System.class.getName() + ".nanoTime",
            System.class.getName() + ".getenv",
            System.class.getName() + ".getProperty",
            Math.class.getName() + ".random",
            UUID.class.getName() + ".randomUUID",
            Thread.class.getName() + ".sleep");

    @Test
    void modulesSeeOnlyWhatTheyMay() {
        Set<String> modules = CLASSES.stream()
                .map(type -> type.getPackageName().substring(ROOT.length() + 1).split("\\.", 2)[0])
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(modules).isEqualTo(MAY_SEE.keySet());
        MAY_SEE.forEach((module, others) -> {
            String[] allowed = Stream.concat(Stream.of(module), others.stream())
                    .map(ArchitectureTest::packages)
                    .toArray(String[]::new);
            noClasses()
                    .that(resideInAPackage(packages(module)))
                    .should()
                    .dependOnClassesThat(resideInAPackage(packages("")).and(not(resideInAnyPackage(allowed))))
                    .because(module + " may see " + others)
                    .check(CLASSES);
        });
    }

    private static String packages(String module) {
        return module.isEmpty() ? ROOT + ".." : ROOT + "." + module + "..";
    }

    /** Layers of containers are unpacked there; what is in them is the converter's affair. */
    @Test
    void fetchersSeeOfDisksOnlyHowFilesAreUnpacked() {
        noClasses()
                .that(resideInAPackage(packages("fetcher")))
                .should()
                .dependOnClassesThat(resideInAPackage(packages("disk"))
                        .and(not(resideInAnyPackage(ROOT + ".disk", packages("disk.wrapper")))))
                .check(CLASSES);
    }

    /** No library but the JDK sees bytes of images, except one for xz, and that only where files are unpacked. */
    @Test
    void diskFormatsNeedOnlyTheJdkAndWrappersXz() {
        classes()
                .that()
                .resideInAPackage(packages("disk"))
                .and()
                .resideOutsideOfPackage(packages("disk.wrapper"))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", packages("disk"), "org.jspecify..")
                .check(CLASSES);
        classes()
                .that()
                .resideInAPackage(packages("disk.wrapper"))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", packages("disk"), "org.jspecify..", "org.tukaani.xz..")
                .check(CLASSES);
    }

    /** What runs where a tenant's volume is mounted can't carry what it has no library for. */
    @Test
    void theProgramInAPodNeedsOnlyTheJdk() {
        classes()
                .that()
                .resideInAPackage(packages("volume"))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", packages("volume"), "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        List<String> unmarked = CLASSES.stream()
                .map(JavaClass::getPackage)
                .distinct()
                .filter(other -> !other.isAnnotatedWith(NullMarked.class))
                .map(JavaPackage::getName)
                .toList();
        assertThat(unmarked).isEmpty();
    }

    @Test
    void whatDecidesTouchesNothing() {
        noClasses()
                .that(DECIDERS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "java.net..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "org.apache.kafka..",
                        "okhttp3..",
                        "okio..",
                        "io.minio..",
                        "io.fabric8.kubernetes.client.dsl..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Clock.class)
                .check(CLASSES);
    }

    @Test
    void whatDecidesGivesTheSameAnswerEveryTime() {
        noClasses()
                .that(DECIDERS)
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "the answer differs from call to call",
                        call -> MOODS.contains(call.getTargetOwner().getName() + "." + call.getName())))
                .check(CLASSES);
    }

    /** State that is nobody's would be shared by the services that the sandbox runs in one JVM. */
    @Test
    void noStaticsHoldState() {
        List<String> variables = CLASSES.stream()
                .flatMap(type -> type.getFields().stream())
                .filter(field -> field.getModifiers().contains(JavaModifier.STATIC)
                        && !field.getModifiers().contains(JavaModifier.FINAL)
                        && !field.getModifiers().contains(JavaModifier.SYNTHETIC))
                .map(field -> field.getFullName())
                .toList();
        assertThat(variables).isEmpty();
    }

    @Test
    void onlyMainMethodsEndTheProcess() {
        List<String> exits = CLASSES.stream()
                .flatMap(type -> type.getMethodCallsFromSelf().stream())
                .filter(call -> isExit(call) && !isMain(call.getOrigin()))
                .map(JavaMethodCall::getDescription)
                .toList();
        assertThat(exits).isEmpty();
    }

    private static boolean isExit(JavaMethodCall call) {
        String target = call.getTargetOwner().getName() + "." + call.getName();
        return Set.of("java.lang.System.exit", "java.lang.Runtime.exit", "java.lang.Runtime.halt")
                .contains(target);
    }

    private static boolean isMain(JavaCodeUnit origin) {
        return origin.getName().equals("main");
    }

    /** Tests wait for conditions, never for time to pass. */
    @Test
    void testsDontSleep() throws IOException {
        Pattern sleep = Pattern.compile("\\b(Thread|TimeUnit(\\.[A-Z]+)?|[A-Z]+SECONDS)\\s*\\.\\s*sleep\\s*\\(");
        Path checkout = Path.of("..").toRealPath();
        try (Stream<Path> files = Files.walk(checkout)) {
            List<Path> sources = files.filter(file -> file.toString().endsWith(".java")
                            && checkout.relativize(file).toString().contains("src/test/java"))
                    .toList();
            assertThat(sources).hasSizeGreaterThan(10);
            for (Path source : sources) {
                assertThat(sleep.matcher(Files.readString(source)).find())
                        .as("%s sleeps", checkout.relativize(source))
                        .isFalse();
            }
        }
    }
}
