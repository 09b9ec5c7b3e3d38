package manifest

import "slices"

// imageKinds can occur wherever images are named.
var imageKinds = []Kind{Added, Removed, Major, Minor, Patch, Downgraded, Loosened, Unpinned, SourceChanged, IntegrityRemoved}

// otherFormats are those of all ecosystems but JavaScript, Python and Go.
var otherFormats = slices.Concat(imageFormats, cargoFormats, mavenFormats, gradleFormats, composerFormats, gemFormats, nugetFormats, terraformFormats, helmFormats, pubFormats,
	[]Format{gemspecFormat, gitmodulesFormat, preCommitFormat, mixFormat, mixLockFormat, swiftPackageFormat, swiftFormat})

// otherCouplings hold the lock files of these ecosystems against their manifests.
var otherCouplings = slices.Concat(cargoCouplings, composerCouplings, gemCouplings, nugetCouplings, terraformCouplings, helmCouplings, pubCouplings, []coupling{
	{"mix-exs", "mix-lock", mixSatisfies, besideFixes},
	{"swift-package", "swift-resolved", swiftSatisfies, besideFixes},
	{"gradle-build", "gradle-lock", gradleSatisfies, besideFixes},
	{"gradle-catalog", "gradle-lock", catalogSatisfies, besideFixes},
})

// imageFormats are those that name images and actions.
var imageFormats = []Format{
	{Name: "dockerfile", Ecosystem: Docker, is: isDockerfile, Parse: parseDockerfile, Conditions: imageKinds},
	{Name: "github-actions", Ecosystem: Actions, is: isWorkflow, Parse: parseWorkflow, Conditions: imageKinds},
	{Name: "compose", Ecosystem: Docker, is: isCompose, Parse: parseCompose, Conditions: imageKinds},
	{Name: "kubernetes", Ecosystem: Docker, is: isKubernetes, Parse: parseKubernetes, Conditions: imageKinds},
}
