package manifest

import "maps"

// gradleIdleHeads begin statements about other things than packages. The group of a
// project is none: other build files of it put it into coordinates.
var gradleIdleHeads = wordSet(`version description sourceCompatibility targetCompatibility archivesBaseName mainClassName applicationDefaultJvmArgs defaultTasks
	java kotlin application publishing signing base android sourceSets tasks test jar sourcesJar javadocJar javadoc compileJava compileTestJava compileKotlin compileTestKotlin
	processResources check build assemble jacocoTestReport jacocoTestCoverageVerification springBoot bootJar bootRun shadowJar`)

// gradleIdleWords have no say in what is asked for, wherever they stand in such a
// statement.
var gradleIdleWords = wordSet(`version group description sourceCompatibility targetCompatibility archivesBaseName mainClassName applicationDefaultJvmArgs
	java kotlin application publishing signing base android sourceSets tasks test jar sourcesJar javadocJar javadoc compileJava compileTestJava compileKotlin compileTestKotlin
	processResources check build assemble jacocoTestReport jacocoTestCoverageVerification springBoot bootJar bootRun shadowJar
	register registering getting named withType configureEach create true false null set add addAll of
	kotlinOptions compilerOptions compileOptions options encoding release compilerArgs isDeprecation deprecation isWarnings warnings debug fork incremental failOnError
	jvmTarget languageVersion apiVersion freeCompilerArgs allWarningsAsErrors suppressWarnings progressiveMode javaParameters optIn toolchain jvmToolchain modularity inferModulePath
	withSourcesJar withJavadocJar JavaVersion JavaLanguageVersion JvmTarget KotlinVersion fromTarget
	useJUnitPlatform useJUnit useTestNG includeTags excludeTags includeEngines excludeEngines testLogging events exceptionFormat showStandardStreams showExceptions showCauses showStackTraces
	TestExceptionFormat TestLogEvent maxHeapSize minHeapSize maxParallelForks forkEvery systemProperty systemProperties environment ignoreFailures reports html xml csv required enabled isEnabled
	junitXml outputLocation filter includeTestsMatching excludeTestsMatching failFast finalizedBy dependsOn mustRunAfter shouldRunAfter timeout
	violationRules rule limit minimum maximum counter value element
	doLast doFirst println logger lifecycle info quiet
	Copy Zip Jar Test JavaCompile KotlinCompile Javadoc from into include exclude duplicatesStrategy DuplicatesStrategy manifest attributes
	archiveBaseName archiveFileName archiveVersion archiveClassifier destinationDirectory layout buildDirectory buildDir projectDir project rootProject dir file name
	mainClass applicationName publications MavenPublication maven mavenJava components pom licenses license developers developer organization scm issueManagement ciManagement
	url id email distribution comments inceptionYear connection developerConnection tag system artifact artifactId groupId packaging roles organizationUrl sign isRequired
	main srcDir srcDirs setSrcDirs resources
	namespace compileSdk compileSdkVersion minSdk minSdkVersion targetSdk targetSdkVersion applicationId applicationIdSuffix versionCode versionName versionNameSuffix defaultConfig
	buildTypes minifyEnabled isMinifyEnabled shrinkResources isShrinkResources proguardFiles getDefaultProguardFile testInstrumentationRunner vectorDrawables useSupportLibrary
	buildFeatures compose viewBinding dataBinding buildConfig lint abortOnError checkReleaseBuilds multiDexEnabled packagingOptions excludes testOptions unitTests
	includeAndroidResources isIncludeAndroidResources returnDefaultValues isReturnDefaultValues animationsDisabled`)

// idle marks what has no say.
func (g *gradleBuild) idle() {
	d := newIdling(groovyCode, gradleIdleWords)
	d.quiet = maps.Clone(gradleIdleWords) // and the names that it gives
	g.idleBlock(d, g.tokens, gradleIdleHeads, 0)
	d.settle()
	for _, v := range g.vars { // a value that is in the packages already
		if v.used && v.fixed && v.value < len(g.tokens) {
			g.tokens[v.value].idle = true
		}
	}
}

// idleBlock sorts the statements of the file, those for several projects, and those
// of a block of which something counts.
func (g *gradleBuild) idleBlock(d *idling, tokens []codeToken, heads map[string]bool, depth int) {
	for _, s := range codeStatements(tokens) {
		head, body, isBlock := headAndBody(s)
		block := isBlock && len(head) == 1 && head[0].kind == codeWord && depth < 3
		switch {
		case block && (head[0].text == "allprojects" || head[0].text == "subprojects"):
			d.counts(head)
			g.idleBlock(d, body, heads, depth+1)
		case g.idleStatement(d, s, heads):
			d.maybe(s)
		case block && heads[head[0].text]:
			d.counts(head)
			g.idleBlock(d, body, gradleIdleWords, depth+1)
		default:
			d.counts(s)
		}
	}
}

// idleStatement reports whether a statement is idle as far as its own words go.
func (g *gradleBuild) idleStatement(d *idling, s []codeToken, heads map[string]bool) bool {
	first := &s[0]
	switch {
	case first.kind != codeWord:
		return false
	case len(s) > 3 && (first.word("def") || first.word("val")) && s[1].kind == codeWord && (s[2].is("=") || s[2].word("by") && s[3].word("tasks")):
		if !d.tame(s[3:]) || gradleIdleWords[s[1].text] {
			return false
		}
		d.quiet[s[1].text] = true
		return true
	case first.word("task") && len(s) > 2 && s[1].kind == codeWord && !s[1].loud:
		return d.tame(s[2:])
	case first.word("rootProject"):
		return len(s) == 5 && s[1].is(".") && s[2].word("name") && s[3].is("=") && s[4].literal() && d.tame(s)
	}
	return heads[first.text] && d.tame(s)
}
