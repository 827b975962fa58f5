"""python3 -m densenet_ads is ads."""
import sys

from densenet_ads.launcher import main

sys.exit(main())
